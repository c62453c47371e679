"""Face to outside: video files and contact sheets. Sinks take arrays only."""

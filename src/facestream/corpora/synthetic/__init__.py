"""Speech made by text-to-speech engines, and the face that goes with it by rule."""

"""Filmed people out of published lists: HDTF, AVSpeech, VFHQ, RAVDESS. Nothing is downloaded: videos are the user's.

One file a set reads its lists and finds their clips (shots.py says what a clip is); `prepare_footage` (job.py) cuts,
crops, tracks and sorts them out, into the form that corpora/video.py writes and corpora/capture.py reads.
"""

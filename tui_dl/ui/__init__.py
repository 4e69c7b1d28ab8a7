"""The screen of a run, in Textual; loads neither torch nor scikit-learn."""

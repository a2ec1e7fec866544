"""Label units in the browser: questions, answers of several coders, agreement, and files of other labeling tools."""

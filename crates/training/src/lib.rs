//! Training: hours, choice of capabilities, school activities

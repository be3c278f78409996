//! Stories that need rooms above the one they are about: whoever looks at the tree has signed in.

mod organisation;
mod people;

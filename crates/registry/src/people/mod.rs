//! People and their posts.

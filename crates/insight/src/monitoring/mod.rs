//! Progress at every node.

//! Learning tools, told through pages and a tool that signs with a key of its own, on both engines.

mod grades;
mod keep;
mod launch;
mod picks;
mod refusals;
mod scene;
mod tool;

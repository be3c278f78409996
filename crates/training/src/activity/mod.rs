//! School-based activities and their attendance.

//! Values of the field without I/O: ids, time, hours, region codes, identity numbers

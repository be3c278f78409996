//! Spreadsheets in and out: bounded reading of xlsx and csv, writing of templates and tables

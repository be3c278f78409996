//! Test application, template databases on both engines, personas, assertions on pages

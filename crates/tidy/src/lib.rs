//! Architecture tests: layers, table owners, file sizes, routes without a case

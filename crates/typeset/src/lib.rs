//! Documents typeset as PDF

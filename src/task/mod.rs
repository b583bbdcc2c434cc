//! What is fed, what is the loss, what is measured.

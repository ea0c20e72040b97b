; An input at the first byte of a page: Unicorn makes a block of no bytes for it, and must not look
; at the page before.
%include "common.inc"
    bits 64
    org 0x400000
    in al, 0x10
    done

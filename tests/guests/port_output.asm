; OUT in all its forms, one after another.
%include "common.inc"
    bits 64
    org 0x10000
    out 0x11, al
    out 0x11, ax
    out 0x11, eax
    out dx, al
    out dx, ax
    out dx, eax
    done

; IN in all its forms, one after another, and IN beside OUT.
%include "common.inc"
    bits 64
    org 0x10000
    in al, 0x11
    in ax, 0x11
    in eax, 0x11
    in al, dx
    in ax, dx
    in eax, dx
    out dx, ax
    in al, dx
    out 0x11, al
    done

; Adds to the counter as count_long.asm does, in real mode, with a counter of its own at 0x500c.
%include "report.inc"
    bits 16
    org REAL_BASE
    mov ecx, 100000
.add:
    lock inc dword [0x5000]
    inc dword [0x500c]
    a32 loop .add
.wait:
    cmp dword [0x5000], 200000
    jne .wait
    report [0x500c]

; Adds 100,000 to the counter at 0x5000 and to its own at 0x5008, in long mode; waits until the
; processor in real mode (count_real.asm) has done so too.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    mov ecx, 100000
.add:
    lock inc dword [abs 0x5000]
    inc dword [abs 0x5008]
    loop .add
.wait:
    cmp dword [abs 0x5000], 200000
    jne .wait
    report [abs 0x5008]

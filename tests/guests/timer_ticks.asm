; Sleeps in HLT through 100 ticks of a periodic local APIC timer, one a second, and ends with the
; time-stamp counter in RAX and the number of ticks in RBX.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ebx, ebx
    xor edx, edx
    mov ecx, 0x83e              ; Divide configuration: by 1.
    mov eax, 0xb
    wrmsr
    mov ecx, 0x832              ; LVT timer: periodic, vector 0x40.
    mov eax, 0x20040
    wrmsr
    mov ecx, 0x838              ; Initial count.
    mov eax, 1000000000
    wrmsr
.sleep:
    sti
    hlt
    cli
    cmp ebx, 100
    jb .sleep
    rdtsc
    shl rdx, 32
    or rax, rdx
    done
on_vector:
    inc ebx
    iretq
    tables

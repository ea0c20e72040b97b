; Straight code of instructions that cost the translator much, and what it computes: RBX = 500 by
; x87, RCX = the sum of the values that 500 PUSHF pushed, RDX = the CRC32-C of 500 zero bytes.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    fninit
    fldz
%rep 500
    fld1
    faddp st1
%endrep
    fistp qword [rel result]
    push qword 2
    popfq
    xor eax, eax
%rep 500
    pushfq
%endrep
    xor ecx, ecx
    mov esi, 500
.sum:
    pop rdi
    add rcx, rdi
    dec esi
    jnz .sum
    mov edx, -1
%rep 500
    crc32 edx, al
%endrep
    not edx
    mov rbx, [rel result]
    done
result: dq 0
on_vector:
    done
    tables

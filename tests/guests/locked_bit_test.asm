; Counts in RBX the invalid opcodes that come of locked bit tests of registers, each at its own
; place in a block, and leaves in RCX what their innocent likenesses compute.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ebx, ebx
    db 0xf0, 0x0f, 0xab, 0xc8           ; LOCK BTS EAX, ECX in the middle of a block
    jmp short .start
.start:
    db 0xf0, 0x0f, 0xba, 0xe8, 1        ; LOCK BTS EAX, 1 at the start of one
    nop
    db 0xf0, 0x66, 0x2e, 0x0f, 0xba, 0xf9, 1 ; LOCK BTC with more prefixes
    db 0x66, 0xf0, 0x48, 0x0f, 0xa3, 0xc8 ; LOCK BT
    db 0xf0, 0x0f, 0xb3, 0xc8           ; LOCK BTR
    mov eax, 0xff
    mov ecx, 3
    and al, 0xf0                        ; F0 is the immediate; what follows has no LOCK.
    bts eax, ecx
    mov edx, ecx
    and dl, 0xf0
    bts eax, edx
    lock bts dword [rel .word], 4
    mov ecx, eax
    done
.word: dd 0
on_vector:
    cmp eax, 6
    jne .other
    inc ebx
    pop rdx
    mov rax, rdx
.skip:                                  ; To the end: ModR/M, and an immediate after BA.
    inc rdx
    cmp byte [rdx - 1], 0x0f
    jne .skip
    cmp byte [rdx], 0xba
    jne .short
    inc rdx
.short:
    add rdx, 2
    push rdx
    iretq
.other:
    done
    tables

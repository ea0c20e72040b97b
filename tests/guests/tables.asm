; Works with its own page tables, in steps that are left out where a register is 0: R9 goes into CR3,
; the page at RDI is read (R8), RAX goes into the entry at RDX, the page is invalidated (R10), R12 is
; stored to it. Then RBX = what is there, and R11 goes into the entry once more.
%include "common.inc"
    bits 64
    org 0x10000
again:
    test r9, r9
    jz .touch
    mov cr3, r9
.touch:
    test r8, r8
    jz .enter
    mov rbx, [rdi]
.enter:
    test rdx, rdx
    jz .invalidate
    mov [rdx], rax
.invalidate:
    test r10, r10
    jz .store
    invlpg [rdi]
.store:
    test r12, r12
    jz .load
    mov [rdi], r12
.load:
    mov rbx, [rdi]
    test r11, r11
    jz .end
    mov [rdx], r11
.end:
    done
    jmp again

; Sets RDI as its flags, makes an exit, and counts in RBX how often they are others then: exits
; that the library answers and exits that it returns. Ports 0x10 and 0x11, the page at 0x400000.
%include "common.inc"
    bits 64
    org 0x10000
    xor r9d, r9d
%macro survives 1+
    mov esp, STACK_0
    push rdi
    popfq
    %1
    pushfq
    pop r8
    xor r8, rdi
    neg r8                      ; Carry if there is a difference.
    adc r9, 0
%endmacro
    survives out 0x10, al
    survives in al, 0x11
    survives mov [0x400000], al
    xor eax, eax
    survives cpuid
    mov ecx, 0x1b
    survives rdmsr
    survives mov [0x600000], al ; Memory that the guest has not touched.
    mov rbx, r9
    done

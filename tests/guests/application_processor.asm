; An application processor's: at 0x11000, in real mode, reads who it is (EBX = APIC base, ESI and EDI
; = CPUID's APIC ids, EBP = the x2APIC's), then for ever: an OUT, and WRMSR with the registers that
; the client writes. The boot processor is done at once.
%include "common.inc"
    bits 64
    org 0x10000
    done
    times 0x1000 - ($ - $$) db 0
    bits 16
    mov eax, 1
    cpuid
    shr ebx, 24
    mov esi, ebx
    mov eax, 0xb
    cpuid
    mov edi, edx
    mov ecx, 0x802
    rdmsr
    mov ebp, eax
    mov ecx, 0x1b
    rdmsr
    mov ebx, eax
again:
    out 0x11, al
    wrmsr
    jmp again

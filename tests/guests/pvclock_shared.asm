; The boot processor turns its clock at 0x9000 on, waits until STARTED, and makes exits until STOP.
; The other, at 0x11000 in real mode, reads that clock for LOOPS times meanwhile, as `pvclock` does;
; a tick of the TSC is a nanosecond. It leaves at BACK how often the time went back.
%include "common.inc"
CLOCK   equ 0x9000
STOP    equ 0x8000
STARTED equ 0x8004
BACK    equ 0x8008
LOOPS   equ 20000
    bits 64
    org 0x10000
    mov ecx, 0x4b564d01
    mov eax, CLOCK | 1
    xor edx, edx
    wrmsr
.started:
    xor eax, eax
    cpuid
    cmp dword [abs STARTED], 0
    je .started
.exits:
    xor eax, eax
    cpuid
    cmp dword [abs STOP], 0
    je .exits
    done
    times 0x1000 - ($ - $$) db 0
    bits 16
    cld
    xor esi, esi                ; The last time is EDI:ESI.
    xor edi, edi
    mov ebp, LOOPS
    mov dword [STARTED], 1
next:
    mov ebx, [CLOCK]
    test bl, 1
    jnz next
    rdtsc
    sub eax, [CLOCK + 8]
    sbb edx, [CLOCK + 12]
    add eax, [CLOCK + 16]
    adc edx, [CLOCK + 20]
    cmp ebx, [CLOCK]
    jne next
    cmp eax, esi
    mov ecx, edx
    sbb ecx, edi
    jae .forward
    inc dword [BACK]
.forward:
    mov esi, eax
    mov edi, edx
    dec ebp
    jnz next
    mov dword [STOP], 1
    out 0x11, al
    hlt

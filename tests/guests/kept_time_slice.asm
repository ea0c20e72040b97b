; The boot processor writes to port 0x10 again and again, and counts in RAX how often, until it has
; found ten times that the other VCPU, which counts at 0x8000, ran in between.
%include "common.inc"
    bits 64
    org 0x10000
    xor ebx, ebx                ; How often it ran.
    xor esi, esi                ; How many accesses to the port.
.start:
    pause
    mov ecx, [abs 0x8000]
    test ecx, ecx
    jz .start
.again:
    out 0x10, al
    inc esi
    mov edx, [abs 0x8000]
    cmp edx, ecx
    je .again
    mov ecx, edx
    inc ebx
    cmp ebx, 10
    jb .again
    mov dword [abs 0x8010], 1
    mov eax, esi
    done

    times 0x1000 - ($ - $$) db 0
    bits 16
again_16:
    inc dword [0x8000]
    cmp dword [0x8010], 0
    je again_16
    out 0x11, al
    hlt

; Tells its x2APIC id: at 0x10000 in 64-bit code, at 0x11000 in real mode.
    bits 64
    org 0x10000
    mov ecx, 0x802
    rdmsr
    out 0x10, eax
    times 0x1000 - ($ - $$) db 0
    bits 16
    mov ecx, 0x802
    rdmsr
    out 0x11, eax

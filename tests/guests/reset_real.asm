; An application processor's registers; see reset_values.inc. Then what each data segment's base
; leads to, and, in protected mode with the same segments, its LDT and task register.
VALUES equ 0x4000
%define ACCUMULATOR eax
%include "reset_values.inc"

%macro keep_from 1
    mov eax, [%1:0xffc]
    keep eax
%endmacro

    bits 16
    org 0
    keep eax
    keep ecx
    keep edx
    keep ebx
    keep esp
    keep ebp
    keep esi
    keep edi
%assign place place + 8 * 8     ; R8 to R15 do not exist here.
    mov esp, 0x7000
    pushfd
    pop eax
    keep eax
    fxsave [FXSAVE_AREA]
    keep_system_registers
    mov eax, cr0
    or al, 1
    mov cr0, eax
    sldt eax
    keep eax
    str eax
    keep eax
%assign place place + 8         ; CR8 does not exist here.
    mov eax, 0xfffc
    xor ebx, ebx
    lsl ebx, eax
    keep ebx
    keep_from ds
    keep_from es
    keep_from fs
    keep_from gs
    keep_from ss
    out 0x99, eax

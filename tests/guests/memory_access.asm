; One access to the address in RDI, a case each; RBX = its RIP. CR3 is 0x2000, which must lead where
; 0 does.
%include "common.inc"
    bits 64
    org 0x10000
    mov r9d, 0x2000
    mov cr3, r9
    select_case store, load, load_byte, jump
%macro access 1+
    mov ebx, %%access
%%access:
    %1
    done
%endmacro
store:
    access mov dword [rdi + 0x10], 0x12345678
load:
    access mov rax, [rdi]
load_byte:
    access movzx eax, byte [rdi + r8 + 1]
jump:
    access jmp rdi

; One load in each mode that is not IA-32e, from real mode to 32-bit code with paging. EBX is RIP of
; the load, ECX what CR3 is.
%include "report.inc"

PAGE_DIRECTORY equ 0x3000       ; The client makes it.


    bits 16
    org REAL_BASE
    jmp 0:real
real:
    mov ax, 0x2000
    mov ds, ax
    xor ecx, ecx
    mov si, 0x10
    mov ebx, real_load
real_load:
    mov al, [si]
    mov ebx, real_load_32
real_load_32:
    o32 a32 mov eax, [esi + 8]
    ; From here on as start_legacy does it.
    xor ax, ax
    mov ds, ax
    lgdt [legacy_gdt_pointer]
    lidt [legacy_idt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp LEGACY_CODE_32:protected_32
    bits 32
protected_32:
    mov eax, LEGACY_DATA_32
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov esp, LEGACY_STACK
    mov edi, 0x20020
    mov ebx, load_32
load_32:
    mov eax, [edi]
    mov ebx, load_32_narrow
load_32_narrow:
    mov ax, [edi]
    jmp LEGACY_CODE_16:protected_16
    bits 16
protected_16:
    mov ebx, load_16_wide
load_16_wide:
    a32 mov ax, [edi]
    jmp LEGACY_CODE_32:before_paging
    bits 32
before_paging:
    mov eax, cr4
    or eax, 0x10                ; PSE
    mov cr4, eax
    mov ecx, PAGE_DIRECTORY
    mov cr3, ecx
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    mov edi, 0x420030           ; The second 4 MiB lead to the first.
    mov ebx, load_paged
load_paged:
    mov eax, [edi]
on_vector:
    out 0x98, al                ; Nothing answers.
    legacy_tables

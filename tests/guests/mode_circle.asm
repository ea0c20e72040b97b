; Real mode, protected mode, long mode, and all the way back, twice; a value at each station.
%include "report.inc"
    bits 16
    org REAL_BASE
    jmp 0:begin
begin:
    mov ebp, 2
again:
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7000
    lgdt [legacy_gdt_pointer]
    mov ax, 1
    lmsw ax
    jmp LEGACY_CODE_32:protected
    bits 32
protected:
    mov eax, LEGACY_DATA_32
    mov ds, ax
    mov ss, ax
    mov esp, 0x7000
    report 0x32
    mov eax, cr4
    or eax, 0x20
    mov cr4, eax
    xor eax, eax
    mov cr3, eax
    mov ecx, 0xc0000080
    rdmsr
    or eax, 0x100
    wrmsr
    report_eax                  ; LME without LMA.
    mov eax, 0x80000001         ; Without ET: a write that Zircon's kernel handles.
    mov cr0, eax
    rdmsr
    report_eax                  ; Both: compatibility mode now.
    jmp LEGACY_CODE_64:wide
    bits 64
wide:
    mov rax, 0x123456789
    mov rcx, rax
    shr rax, 32
    report_eax                  ; 1 if registers have 64 bits.
    push LEGACY_CODE_32
    push compatibility
    retfq
    bits 32
compatibility:
    mov eax, cr0
    and eax, 0x7fffffff
    mov cr0, eax                ; Paging off from compatibility mode: long mode ends.
    mov ecx, 0xc0000080
    rdmsr
    report_eax
    and eax, ~0x100
    wrmsr
    mov eax, cr4
    and eax, ~0x20
    mov cr4, eax
    jmp LEGACY_CODE_16:narrow
    bits 16
narrow:
    mov ax, LEGACY_DATA_16
    mov ds, ax
    mov ss, ax
    mov eax, cr0
    and al, 0xfe
    mov cr0, eax
    jmp 0:back
back:
    mov ax, 0x1000
    mov ds, ax
    mov eax, [0x100]            ; Linear 0x10100.
    report_eax
    dec ebp
    jnz near again
    report cr0
    bits 32
on_vector:
    legacy_tables

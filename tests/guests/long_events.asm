; Long mode: for each event its vector, its error code if it has one, the frame's CS and where the
; frame ends on the stack; then the program goes on.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000

%macro from_kernel 1+
    mov r15, %%next
    %1
%%next:
%endmacro

%macro from_user 1+
    mov r15, %%next
    enter_user %%user
%%user:
    %1
    jmp $
%%next:
%endmacro

%define GATE(vector) abs table_idt + 16 * (vector)

    load_tables
    ; Within CPL 0: the frame is aligned, whatever the stack was.
    sub rsp, 5
    from_kernel int 0x40
    ; By an interrupt stack.
    mov byte [GATE(0x41) + 4], 1
    from_kernel int 0x41
    mov byte [GATE(14) + 4], 1
    mov byte [GATE(12) + 4], 1
    ; From CPL 3
    from_user int 0x40
    mov byte [GATE(0x42) + 5], 0x8e
    from_user int 0x42              ; Not open.
    from_kernel int 0x42
    mov byte [GATE(0x43) + 5], 0x6e
    from_user int 0x43              ; Not present.
    mov byte [GATE(0x44) + 5], 0xe5
    from_user int 0x44              ; A task gate.
    mov byte [GATE(0x45) + 5], 0xe6
    from_user int 0x45              ; A 16-bit gate.
    mov word [GATE(0x46) + 2], 0
    from_user int 0x46
    mov word [GATE(0x47) + 2], CODE_32
    from_user int 0x47              ; Not 64-bit code.
    mov word [GATE(0x48) + 2], DATA_0
    from_user int 0x48
    mov word [GATE(0x49) + 2], 0xff8
    from_user int 0x49              ; Beyond the table.
    mov byte [GATE(0x4a) + 10], 1
    from_user int 0x4a              ; The handler is not canonical.
    from_user int3
    from_user db 0xf1               ; ICEBP
    from_user hlt
    ; Bad stacks: #SS and #PF have a stack of their own.
    mov byte [abs table_tss + 4 + 6], 1
    from_user int 0x40              ; Not canonical.
    mov byte [abs table_tss + 4 + 6], 0
    mov dword [abs table_tss + 4], 0x40001000
    from_user int 0x40              ; Not present.
    mov rax, cr2
    report_eax
    mov rax, (1 << 45) | 0x87
    mov [abs 0x1000 + 16], rax
    mov dword [abs table_tss + 4], 0x80001000
    from_user int 0x40              ; Reserved bit.
    mov qword [abs 0x1000 + 16], 0x85
    mov rax, cr3
    mov cr3, rax
    from_user int 0x40              ; Read-only.
    mov dword [abs table_tss + 4], STACK_TSS
    ; A task-state segment that ends with IST 1.
    mov byte [GATE(0x4b) + 4], 2
    mov rbx, table_gdt + TSS
    mov byte [rbx], 0x2b
    mov byte [rbx + 5], 0x89
    mov eax, TSS
    ltr ax
    from_user int 0x4b
    ; Compatibility mode
    mov r15, .compatible
    push DATA_3 | 3
    push 0x60000
    push 0x202
    push CODE_32 | 3
    push compatible
    iretq
.compatible:
    from_kernel ud2
    ; A #GP that cannot be delivered, nor its double fault.
    mov byte [GATE(13) + 5], 0x6e
    from_user hlt
    report 0xfffe
    mov byte [GATE(8) + 5], 0x6e
    from_user hlt

compatible:
    bits 32
    int 0x40
    bits 64

on_vector:
    mov r8, rsp
    mov ebx, eax
    report_eax
    mov eax, 0x27d00            ; The vectors with an error code.
    bt eax, ebx
    jnc .frame
    pop rax
    report_eax
.frame:
    report [rsp + 8]
    report [rsp + 32]           ; SS
    lea rax, [rsp + 40]
    report_eax
    mov rsp, STACK_0
    jmp r15
    tables

; Exceptions, a case each; RBX = the RIP that the frame should have.
%include "common.inc"
    bits 64
    org 0x10000
NOWHERE equ 0x40000000          ; Not mapped by the tables.
    load_tables
    select_case divide, breakpoint, overflow_64, undefined, selector, not_canonical, \
        stack_not_canonical, device_not_available, page_read, page_write, page_read_user, \
        page_write_user, page_user_supervisor, int_user, int_user_refused, int_not_present, \
        int_supervisor, divide_user, overflow_compatibility, halt_user, breakpoint_cpuid, two_faults, \
        resumed_interrupt, resumed_fault
%macro faulting 1+
    mov ebx, %%fault
%%fault:
    %1
    done
%endmacro
%macro trapping 1+
    mov ebx, %%after
    %1
%%after:
    done
%endmacro
%macro user 0
    enter_user %%user
%%user:
%endmacro
divide:
    xor ecx, ecx
    faulting div ecx
breakpoint:
    trapping int3
overflow_64:
    faulting db 0xce
undefined:
    faulting ud2
selector:
    mov ecx, 0x1003
    faulting mov ds, ecx
not_canonical:
    mov rcx, 1 << 63
    faulting mov al, [rcx]
stack_not_canonical:            ; The handler has a stack of its own.
    mov byte [abs table_idt + 12 * 16 + 4], 1
    mov rsp, 1 << 63
    faulting push rax
device_not_available:
    mov rax, cr0
    or eax, 8
    mov cr0, rax
    faulting fld1
page_read:
    faulting mov al, [abs NOWHERE + 0x123]
page_write:
    faulting mov [abs NOWHERE + 0x123], al
page_read_user:
    user
    faulting mov al, [abs NOWHERE + 0x123]
page_write_user:
    user
    faulting mov [abs NOWHERE + 0x123], al
page_user_supervisor:           ; A page that is there, for CPL 0 only.
    mov qword [abs 0x1008], 0x83
    user
    faulting mov al, [abs NOWHERE + 0x123]
int_user:
    user
    trapping int 0x90
int_user_refused:
    mov byte [abs table_idt + 0x90 * 16 + 5], 0x8e
    user
    faulting int 0x90
int_not_present:
    mov byte [abs table_idt + 0x90 * 16 + 5], 0x6e
    faulting int 0x90
int_supervisor:
    mov byte [abs table_idt + 0x90 * 16 + 5], 0x8e
    trapping int 0x90
divide_user:
    user
    xor ecx, ecx
    faulting div ecx
overflow_compatibility:
    push DATA_3 | 3
    push STACK_3
    push 0x202
    push CODE_32 | 3
    push .user
    iretq
    bits 32
.user:
    mov ebx, .after
    mov al, 0x7f
    inc al
    into
.after:
    jmp .after
    bits 64
halt_user:
    user
    faulting hlt
breakpoint_cpuid:
    mov eax, 0x40000000
    mov ebx, .next
    int3
.next:
    mov eax, 0x40000000
    cpuid
    done
two_faults:                     ; A page fault straight after another.
    mov ebx, .second
    mov al, [abs NOWHERE]
    nop
.second:
    mov al, [abs NOWHERE + 0x200000]
    done
%macro resume 0                 ; Goes on behind itself with RF.
    push DATA_0
    push STACK_0
    push 0x10002
    push CODE_0
    push %%resumed
    iretq
%%resumed:
%endmacro
resumed_interrupt:
    resume
    trapping int 0x90
resumed_fault:
    xor ecx, ecx
    resume
    faulting div ecx
    report_vector
    cmp byte [abs skip], 0
    je .return
    add qword [rsp], 7          ; A load of AL from a 32-bit address.
.return:
    iretq
skip equ 0x5f000
    tables

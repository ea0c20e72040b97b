; SPDX-License-Identifier: MIT
;
; The guest of bench_compare, the same bytes for Zirconia, bare Unicorn and QEMU: a multiboot image
; that serves its serial port. It sends R when it is ready. For each command, the number of a kernel
; (its line in compare_kernels.inc) and a count of 4 bytes, it sends S, waits for any byte, runs the
; kernel, and sends E and the kernel's result of 8 bytes. So whoever holds the port takes the time,
; by one clock for all.
;
; QEMU enters it at start_32, in protected mode; the others at its first byte, in 64-bit mode. What
; is written lies in other pages than code does: TCG drops the translations of a page at each store
; to it.
    org 0x100000
    default abs

SERIAL_DATA   equ 0x3f8
SERIAL_STATUS equ 0x3fd
DATA_READY    equ 0x01
ROOM_TO_SEND  equ 0x20

EFER    equ 0xc0000080
STAR    equ 0xc0000081
LSTAR   equ 0xc0000082
FMASK   equ 0xc0000084

CODE_0  equ 0x08
DATA_0  equ 0x10
DATA_3  equ 0x20                ; STAR's order for SYSRET: 32-bit code, stack, 64-bit code.
CODE_3  equ 0x28
TSS     equ 0x30

VECTOR_COUNTED  equ 0x40
VECTOR_END_USER equ 0x41

; Guest-physical memory; the first 4 GiB are mapped to themselves.
IDT     equ 0x200000
STACK_0 equ 0x210000            ; Stacks end below these addresses.
STACK_3 equ 0x218000
STACK_TSS equ 0x220000
STACK_TASK equ 0x228000
TASKS   equ 0x230000
WINDOW_TABLES equ 0x240000      ; A table of each of the lower three levels, the last of 4 pages.
BUFFER  equ 0x1000000
COPY    equ 0x1188000           ; Never in the same set of the engine's TLB as BUFFER is,
ALIASED equ 0x3000000           ; and always in the same one.
SCRATCH equ 0x1300000
WINDOW_MEMORY equ 0x2000000
IOAPIC  equ 0xfec00000

BUFFER_SIZE equ 0x40000
WINDOW  equ 0xffff800000000000  ; Pages of 4 KiB.
WINDOW_PAGES equ 2048

    bits 64
    jmp start_64
    align 8
header:
    dd 0x1badb002, 1 << 16, -(0x1badb002 + (1 << 16))
    dd header, $$, image_end, image_end, start_32

    bits 32
start_32:
    mov eax, top_table
    mov cr3, eax
    mov eax, cr4
    or eax, 1 << 5              ; PAE
    mov cr4, eax
    mov ecx, EFER
    rdmsr
    or eax, 1 << 8              ; LME
    wrmsr
    mov eax, cr0
    or eax, 1 << 31
    mov cr0, eax
    lgdt [gdt_pointer]
    jmp CODE_0:start_64

    bits 64
start_64:
    mov rax, cr4
    or eax, 0x620               ; PAE, OSFXSR, OSXMMEXCPT
    mov cr4, rax
    mov eax, top_table
    mov cr3, rax
    mov rax, cr0
    and eax, ~0xc               ; Neither EM nor TS.
    or eax, 0x80000002          ; PG, MP
    mov cr0, rax
    mov esp, STACK_0
    call load_descriptors
    call allow_system_calls
    call map_window
    call fill_buffer
    mov al, 'R'
    call send
serve:
    call receive
    movzx ebp, al
    xor ebx, ebx
%rep 4
    call receive
    movzx eax, al
    or ebx, eax
    ror ebx, 8
%endrep
    mov al, 'S'
    call send
    call receive                ; The clock has been read.
    mov esi, ebx
    call [kernels + rbp * 8]
    mov rbx, rax
    mov al, 'E'
    call send
%rep 8
    mov al, bl
    call send
    shr rbx, 8
%endrep
    jmp serve

send:                           ; AL
    mov ah, al
    mov edx, SERIAL_STATUS
.wait:
    in al, dx
    test al, ROOM_TO_SEND
    jz .wait
    mov al, ah
    mov edx, SERIAL_DATA
    out dx, al
    ret

receive:                        ; AL
    mov edx, SERIAL_STATUS
.wait:
    in al, dx
    test al, DATA_READY
    jz .wait
    mov edx, SERIAL_DATA
    in al, dx
    ret

load_descriptors:
    lgdt [gdt_pointer]
    lidt [idt_pointer]
    mov eax, DATA_0
    mov ss, eax
    mov ds, eax
    mov es, eax
    mov edi, IDT + VECTOR_COUNTED * 16
    mov eax, on_counted
    call set_gate
    mov edi, IDT + VECTOR_END_USER * 16
    mov eax, on_end_user
    call set_gate
    mov eax, TSS
    ltr ax
    pop rax
    push CODE_0
    push rax
    retfq

set_gate:                       ; EAX the handler, EDI the gate
    mov [rdi], eax
    mov word [rdi + 2], CODE_0
    mov [rdi + 4], eax
    mov word [rdi + 4], 0xee00  ; An interrupt gate, for INT at CPL 3 too.
    mov qword [rdi + 8], 0
    ret

allow_system_calls:
    mov ecx, EFER
    rdmsr
    or eax, 1                   ; SCE
    wrmsr
    mov ecx, STAR
    xor eax, eax
    mov edx, (DATA_3 - 8) << 16 | CODE_0
    wrmsr
    mov ecx, LSTAR
    mov eax, on_system_call
    xor edx, edx
    wrmsr
    mov ecx, FMASK
    xor eax, eax
    wrmsr
    ret

map_window:
    mov qword [WINDOW_TABLES], WINDOW_TABLES + 0x1007
    mov eax, WINDOW_TABLES + 0x2007
    mov edi, WINDOW_TABLES + 0x1000
.table:
    mov [rdi], rax
    add eax, 0x1000
    add edi, 8
    cmp eax, WINDOW_TABLES + 0x2007 + WINDOW_PAGES * 8
    jne .table
    mov eax, WINDOW_MEMORY + 7
    mov edi, WINDOW_TABLES + 0x2000
.page:
    mov [rdi], rax
    mov [rax - 7], eax          ; A value to read.
    add eax, 0x1000
    add edi, 8
    cmp eax, WINDOW_MEMORY + 7 + WINDOW_PAGES * 0x1000
    jne .page
    ret

fill_buffer:
    mov eax, 1
    xor ecx, ecx
.word:
    imul eax, eax, 1664525
    add eax, 1013904223
    mov [BUFFER + rcx], eax
    add ecx, 4
    cmp ecx, BUFFER_SIZE
    jne .word
    ret

; The sum of a copy: the result of what copies.
sum:                            ; RDI the copy
    xor eax, eax
    xor ecx, ecx
.word:
    rol rax, 1
    add rax, [rdi + rcx]
    add ecx, 8
    cmp ecx, BUFFER_SIZE
    jne .word
    ret

    align 8
kernels:
%define KERNEL(label, name, unit, per, count, bare, of_unicorn, of_qemu, limit) dq label
%include "compare_kernels.inc"

; --- Straight code: RSI is the count. Where it is measured in MIPS, compare_kernels.inc has the
; number of instructions each time round. ---

    align 4096
alu_memory:                     ; 9: two loads, two stores, over 64 KiB
    xor eax, eax
    xor ecx, ecx
    mov ebx, SCRATCH
    align 16
.again:
    mov rdx, [rbx + rcx]
    add rax, rdx
    mov [rbx + rcx], rax
    mov r8d, [rbx + rcx + 40]
    mov [rbx + rcx + 16], r8
    add ecx, 32
    movzx ecx, cx
    dec rsi
    jnz .again
    ret

    align 16
alu:                            ; 11
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    align 16
.again:
    add rax, rsi
    xor rbx, rax
    lea rcx, [rax + rbx * 4]
    rol rcx, 7
    sub rdx, rcx
    imul rbx, rcx
    or rcx, rsi
    shr rdx, 3
    add rax, rdx
    dec rsi
    jnz .again
    ret

    align 16
branchy:                        ; 12, on either side of each branch
    xor eax, eax
    xor edx, edx
    align 16
.again:
    imul rdx, rdx, 0x4c957f2d
    inc rdx
    bt rdx, 40
    jc .first_set
    xor rax, rdx
    jmp .first_done
.first_set:
    add rax, rdx
    nop
.first_done:
    bt rdx, 50
    jc .second_set
    dec rax
    jmp .second_done
.second_set:
    inc rax
    nop
.second_done:
    dec rsi
    jnz .again
    ret

    align 16
calls:
    xor eax, eax
    align 16
.again:
    call .callee
    dec rsi
    jnz .again
    ret
    align 16
.callee:
    add rax, rsi
    ret

%macro next 0                   ; 3: goes to the operation of the next byte.
    movzx ecx, byte [rbx]
    inc rbx
    jmp [operations + rcx * 8]
%endmacro

    align 16
interpreter:                    ; 58: 13 operations of 4, and one of 6 to begin again
    xor eax, eax
    mov edx, 1
    mov ebx, bytecode
    next
.add:
    add rax, rdx
    next
.xor:
    xor rdx, rax
    next
.rotate:
    rol rax, 5
    next
.increment:
    inc rdx
    next
.negate:
    not rax
    next
.load:
    add edx, [BUFFER]
    next
.again:
    mov ebx, bytecode
    dec rsi
    jz .end
    next
.end:
    ret

    align 16
crc:                            ; A byte at a time, a bit at a time.
    mov eax, -1
.pass:
    xor ebx, ebx
.byte:
    xor al, [BUFFER + rbx]
    mov ecx, 8
.bit:
    shr eax, 1
    jnc .clear
    xor eax, 0xedb88320
.clear:
    dec ecx
    jnz .bit
    inc ebx
    cmp ebx, 4096
    jne .byte
    dec rsi
    jnz .pass
    not eax
    ret

; --- Copies of BUFFER ---

%macro copy_repeated 3          ; To where, by which instruction, of how many bytes.
    mov rdx, rsi
%%again:
    mov esi, BUFFER
    mov edi, %1
    mov ecx, BUFFER_SIZE / %3
    rep %2
    dec rdx
    jnz %%again
    mov edi, %1
    jmp sum
%endmacro

copy_bytes:
    copy_repeated COPY, movsb, 1
copy_aliased:
    copy_repeated ALIASED, movsb, 1
copy_words:
    copy_repeated COPY, movsq, 8

store_words:
    mov eax, esi
.again:
    mov edi, COPY
    mov ecx, BUFFER_SIZE / 8
    rep stosq
    dec rsi
    jnz .again
    mov edi, COPY
    jmp sum

    align 16
copy_sse:
    xor ecx, ecx
    align 16
.again:
%assign offset 0
%rep 4
    movaps xmm %+ offset, [BUFFER + rcx + offset * 16]
%assign offset offset + 1
%endrep
%assign offset 0
%rep 4
    movaps [COPY + rcx + offset * 16], xmm %+ offset
%assign offset offset + 1
%endrep
    add ecx, 64
    cmp ecx, BUFFER_SIZE
    jne .again
    xor ecx, ecx
    dec rsi
    jnz .again
    mov edi, COPY
    jmp sum

; --- Translation of addresses ---

%macro read_window 1            ; The first so many pages.
    mov rbx, WINDOW
    mov ecx, %1
    align 16
%%page:
    add rax, [rbx]
    add rbx, 0x1000
    dec ecx
    jnz %%page
%endmacro

pages:
    xor eax, eax
.again:
    read_window WINDOW_PAGES
    dec rsi
    jnz .again
    ret

pages_reload:
    xor eax, eax
    mov rdi, cr3
.again:
    mov cr3, rdi
    read_window WINDOW_PAGES
    dec rsi
    jnz .again
    ret

reload:
    mov rdi, cr3
    mov rax, rsi
.again:
    mov cr3, rdi
    dec rsi
    jnz .again
    ret

reload_pages:
    xor eax, eax
    mov rdi, cr3
.again:
    mov cr3, rdi
    read_window 16
    dec rsi
    jnz .again
    ret

; --- Other privilege levels and tasks. R15 counts what arrives. ---

interrupt:
    xor r15d, r15d
.again:
    int VECTOR_COUNTED
    dec rsi
    jnz .again
    mov rax, r15
    ret

on_counted:
    inc r15
    iretq

%macro enter_user 1             ; Until it makes interrupt VECTOR_END_USER; returns R15.
    xor r15d, r15d
    mov [kept_stack], rsp
    push DATA_3 | 3
    push STACK_3
    push 2                      ; RFLAGS without anything set.
    push CODE_3 | 3
    push %1
    iretq
%endmacro

on_end_user:
    mov rsp, [kept_stack]
    mov eax, DATA_0
    mov ss, eax
    mov rax, r15
    ret

interrupt_user:
    enter_user .user
.user:
    int VECTOR_COUNTED
    dec rsi
    jnz .user
    int VECTOR_END_USER

system_call:
    enter_user .user
.user:
    syscall
    dec rsi
    jnz .user
    int VECTOR_END_USER

on_system_call:
    inc r15
    o64 sysret

; Two tasks take turns. Each has a stack, an address space, and at TASKS the pointer to the former,
; CR3, and its vector registers.
TASK_CR3     equ 8
TASK_VECTORS equ 64
TASK_SIZE    equ 1024

context_switch:
    mov [kept_stack], rsp
    mov r12d, TASKS
    mov r13d, TASKS + TASK_SIZE
    mov rax, cr3
    mov [r12 + TASK_CR3], rax
    mov qword [r13 + TASK_CR3], other_top_table
    fxsave [r12 + TASK_VECTORS]
    fxsave [r13 + TASK_VECTORS]
    mov qword [STACK_TASK - 8], .task
    mov qword [r13], STACK_TASK - 5 * 8
    xor edi, edi
.task:
    call .switch
    mov rax, rdi
    read_window 8
    mov rdi, rax
    dec rsi
    jnz .task
    mov eax, top_table
    mov cr3, rax
    mov rsp, [kept_stack]
    mov rax, rdi
    ret
.switch:
    push rbx
    push rbp
    push r14
    push r15
    fxsave [r12 + TASK_VECTORS]
    mov [r12], rsp
    xchg r12, r13
    mov rsp, [r12]
    mov rax, [r12 + TASK_CR3]
    mov cr3, rax
    fxrstor [r12 + TASK_VECTORS]
    pop r15
    pop r14
    pop rbp
    pop rbx
    ret

; --- What a monitor sees or could see ---

cpuid_loop:
    mov r15, rsi
.again:
    xor eax, eax
    cpuid
    dec rsi
    jnz .again
    mov rax, r15
    ret

rdtsc_loop:                     ; Returns how often the counter went back.
    xor r8d, r8d
    xor r15d, r15d
.again:
    rdtsc
    shl rdx, 32
    or rax, rdx
    cmp rax, r8
    adc r15, 0
    mov r8, rax
    dec rsi
    jnz .again
    mov rax, r15
    ret

%macro repeat_output 1          ; The port
    mov edx, %1
    mov r15, rsi
%%again:
    out dx, al
    dec rsi
    jnz %%again
    mov rax, r15
    ret
%endmacro

output_known:                   ; A port that the machine has.
    repeat_output 0x80
output:                         ; A port without a device.
    repeat_output 0x230

input:
    mov edx, 0x230
    xor r15d, r15d
.again:
    in al, dx
    movzx eax, al
    add r15, rax
    dec rsi
    jnz .again
    mov rax, r15
    ret

mmio_write:                     ; To the register that selects another one.
    mov ebx, IOAPIC
    mov r15, rsi
.again:
    mov [rbx], esi
    dec rsi
    jnz .again
    mov rax, r15
    ret

mmio_read:
    mov ebx, IOAPIC
    mov dword [rbx], 0x10
    xor r15d, r15d
.again:
    mov eax, [rbx]
    add r15, rax
    dec rsi
    jnz .again
    mov rax, r15
    ret

; --- Data ---

    align 4096
operations:
    dq interpreter.add, interpreter.xor, interpreter.rotate, interpreter.increment
    dq interpreter.negate, interpreter.load, interpreter.again
bytecode:
    db 0, 1, 2, 3, 4, 5, 1, 0, 2, 4, 1, 3, 0, 6

    align 4096
gdt:
    dq 0
    dq 0x00209b0000000000       ; CODE_0
    dq 0x0000930000000000       ; DATA_0
    dq 0x00cffb000000ffff
    dq 0x00cff3000000ffff       ; DATA_3
    dq 0x0020fb0000000000       ; CODE_3
    dw 0x67                     ; TSS
    dw (tss - $$) & 0xffff
    db (tss - $$ + 0x100000) >> 16, 0x89, 0, 0
    dq 0
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dq gdt
idt_pointer:
    dw 0xfff
    dq IDT
    align 16
tss:
    dd 0
    dq STACK_TSS, 0, 0
    times 0x66 - ($ - tss) db 0
    dw 0x68
    align 8
kept_stack:
    dq 0

; Page tables: the first 4 GiB in pages of 2 MiB, and the window. All is the user's too.
    align 4096
%macro top 0
    dq third_table + 7
    times 255 dq 0
    dq WINDOW_TABLES + 7
    times 255 dq 0
%endmacro
top_table:
    top
other_top_table:
    top
third_table:
%assign table 0
%rep 4
    dq second_tables + table * 0x1000 + 7
%assign table table + 1
%endrep
    times 508 dq 0
second_tables:
%assign page 0
%rep 2048
    dq page * 0x200000 + 0x87
%assign page page + 1
%endrep
image_end:

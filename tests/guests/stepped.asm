; What zirconia step goes through: a loop, a call, exits of several kinds, a bell, an interrupt, and
; the end. Flat, at the tool's base, in 64-bit mode.
    bits 64
    org 0x100000
SERIAL      equ 0x3f8
EXIT_PORT   equ 0xf4
BELL        equ 0xe0000000
TRAPPED     equ 0xe0001000
STORED      equ 0x104000
CODE        equ 8
SELF_IPI    equ 0x83f
VECTOR      equ 32

start:
    mov ecx, 3
.loop:
    dec ecx
    jnz .loop
    call function
    mov eax, 0x40000000
    cpuid
    mov edi, BELL
    mov [rdi], eax
    mov edi, TRAPPED
    movzx ebx, byte [rdi]
    mov edx, SERIAL
    mov al, 'A'
    out dx, al
    mov al, 10
    out dx, al

; An interrupt that waits until STI and one more instruction.
    lgdt [abs gdt_pointer]
    lidt [abs idt_pointer]
    push CODE
    push .selected
    retfq
.selected:
    mov ecx, SELF_IPI
    mov eax, VECTOR
    xor edx, edx
    wrmsr
    nop
    sti
    nop
    cli
    xor eax, eax
    out EXIT_PORT, al

; Its end is not there yet for a caller on a lower stack.
function:
    push rcx
    mov dword [abs STORED], 0x1234
    pop rcx
    ret

handler:
    iretq

    align 8
gdt:
    dq 0
    dq 0x00209b0000000000       ; Code of 64 bits.
    dq 0x00cf93000000ffff       ; Data.
gdt_pointer:
    dw $ - gdt - 1
    dq gdt
    align 8
idt:
    times VECTOR dq 0, 0
    dw handler - $$             ; The image lies at a multiple of 64 KiB,
    dw CODE
    dw 0x8e00
    dw 0x10                     ; the sixteenth.
    dq 0
idt_pointer:
    dw $ - idt - 1
    dq idt

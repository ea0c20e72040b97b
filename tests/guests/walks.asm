; INT3 while what it needs of memory is changed. The handler adds 1 to RBX; where the IDT is another
; one, 0x100. RCX = how often.
%include "common.inc"
    bits 64
    org 0x10000
OTHER_IDT equ 0x71000
STACK_PAGE equ 0x50000
FRAME equ STACK_PAGE + 0x7d8    ; The frame of an event with RSP = STACK_PAGE + 0x800, from its RIP on.
IDT_ENTRY equ 0x3000 + 8 * (table_idt >> 12) ; In a page table that the client makes.
    mov r8, rcx
    mov r9, rsi
    load_tables
    mov esi, table_idt
    mov edi, OTHER_IDT
    mov ecx, 0x1000
    rep movsb
    mov word [abs OTHER_IDT + 3 * 16], (on_other - $$ + 0x10000) & 0xffff
    mov rcx, r8
    mov rsi, r9
    xor ebx, ebx
    select_case remap, remap_by_client, break_on_code, remap_code

remap:                          ; Another page of the guest's for the IDT.
    int3
    mov qword [abs IDT_ENTRY], OTHER_IDT | 7
    invlpg [abs table_idt]
    int3
    mov qword [abs IDT_ENTRY], table_idt | 7
    invlpg [abs table_idt]
    dec ecx
    jnz remap
    done

remap_by_client:
    int3
    done
    jmp remap_by_client

break_on_code:                  ; Frames go where code was run, and are run themselves.
    mov rbp, rsp
.round:
    mov r15, .call
    mov esp, STACK_PAGE + 0x800
    jmp break
.call:
    mov rsp, rbp
    mov dword [abs FRAME], 0x5b8        ; mov eax, 5
    mov word [abs FRAME + 4], 0xc300    ; ret
    mov edx, FRAME
    call rdx
    add rbx, rax
    mov r15, .run
    mov esp, STACK_PAGE + 0x800
    jmp break
.run:
    mov rsp, rbp
    xor eax, eax
    mov edx, FRAME
    call rdx                            ; The RIP behind `break` is nop; ret.
    add rbx, rax
    dec ecx
    jnz .round
    done

; RBX = how often what runs is neither what was mapped at CODE before nor what is now, by a guest that
; does not invalidate the address until it has run it. RCX times, after so many that the instruction
; there is known.
CODE    equ 0x52000
OTHER_CODE equ 0x53000
CODE_ENTRY equ 0x3000 + 8 * (CODE >> 12)
remap_code:
    mov dword [abs CODE], 0x00fb80cd    ; int 0x80; sti
    mov byte [abs CODE + 3], 0xc3       ; ret
    mov dword [abs OTHER_CODE], 0xc3cdff48 ; dec rbp; ret
    mov r12d, 300
.again:
    xor ebx, ebx
    mov edx, CODE
    call rdx
    dec r12d
    jnz .again
    dec ebx
    xor r13d, r13d
.round:
    mov qword [abs CODE_ENTRY], OTHER_CODE | 7
    mov r14, rbx
    mov ebp, 1
    mov edx, CODE
    call rdx
    mov rax, rbx
    sub rax, r14                ; 1 by INT, or
    xor ebp, 1                  ; 1 by DEC.
    add eax, ebp
    dec eax
    or r13d, eax
    mov rbx, r14
    mov qword [abs CODE_ENTRY], CODE | 7
    invlpg [abs CODE]
    call rdx
    dec rbx
    dec ecx
    jnz .round
    or rbx, r13
    done

on_vector:
    inc rbx
    iretq
on_other:
    add rbx, 0x100
    iretq
    tables

    times 0xc38f - ($ - $$) db 0x90
break:
    int3                        ; RIP is 0x1c390 behind it.
    jmp r15

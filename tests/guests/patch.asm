; Code that changes code. RDX is the place in the list at the end, RCX the number of rounds, RBX
; counts mismatches. The function that is called is at RSI, `mov eax, immediate` and `ret`; RDI is
; the address at which it is stored to, maybe another name of the same memory.
%include "common.inc"
    bits 64
    org 0x10000
    mov esp, STACK_0
    xor ebx, ebx
    jmp [list + rdx * 8]

; Another immediate for the function before each call of it.
function:
    mov [rdi + 1], ecx
    call rsi
    cmp eax, ecx
    setne al
    movzx eax, al
    add rbx, rax
    dec ecx
    jnz function
    done

; Another immediate for the very next instruction.
next_instruction:
    mov [abs .next + 1], ecx
.next:
    mov eax, 0x11111111
    cmp eax, ecx
    setne al
    movzx eax, al
    add rbx, rax
    dec ecx
    jnz next_instruction
    done

; A loop that increments its own immediate; RBX is the sum of all that it was.
own_loop:
    mov eax, 0
    add rbx, rax
    inc dword [abs own_loop + 1]
    dec ecx
    jnz own_loop
    done

; A string store over the next instruction.
string_store:
    mov r8d, ecx
.again:
    mov edi, .next + 1
    mov eax, r8d
    mov ecx, 4
    rep stosb
.next:
    mov eax, 0x11111111
    movzx ecx, r8b
    imul ecx, ecx, 0x01010101
    cmp eax, ecx
    setne al
    movzx eax, al
    add rbx, rax
    dec r8d
    jnz .again
    done

; Data in the page of the code that uses it.
data_beside:
    inc qword [abs .data]
    dec ecx
    jnz data_beside
    mov rbx, [abs .data]
    done
.data:
    dq 0

; Calls the function, reports, and again, until the client stores something at 0x20008.
report:
    call rsi
    mov [0x20000], rax
    cmp qword [0x20008], 0
    je report
    done

; Calls the function, and ends.
call_once:
    call rsi
    done
    jmp call_once

; The branch of a loop: JNZ becomes JZ when RBX is RCX, with ZF set.
branch:
    mov ebx, 0
.again:
    inc ebx
    cmp ebx, ecx
    jne .branch
    mov byte [abs .branch], 0x74
.branch:
    db 0x75, .again - .after    ; JNZ .again
.after:
    done

list:
    dq function, next_instruction, own_loop, string_store, data_beside, report, call_once, branch

; Code whose blocks are known: behind it, at EDGES, is for each case where its list of edges is, and
; the list is how many there are and for each where the block before begins, where the block begins,
; and how often that happens.
%include "common.inc"
    bits 64
    org 0x10000
TRAPPED equ 0xffe000            ; A MEM trap.
FRESH   equ 0x300000            ; Memory that nobody has touched.
PORT    equ 0x10
NOWHERE equ -1

start:
    mov esp, STACK_0
    select_case counted, divided, events, late, many, compared

; Branches, taken and not, a call, a return, a loop; and a repeated instruction.
counted:
    mov ecx, 5
.again:
    dec ecx
    jnz .again
.call:
    call .function
.returned:
    xor eax, eax
    jz .taken
    ud2
.function:
    cmp ecx, 1
    ja .return
.above:
    nop
.return:
    ret
.taken:
    mov esi, FRESH
    mov edi, FRESH + 0x1000
    mov ecx, 3
.repeated:
    rep movsb
.behind:
    done

; What ends blocks of the engine's for reasons that are not the guest's, in the middle of the
; guest's and at their start.
divided:
    mov edx, PORT
    mov ecx, 3
.loop:
    out dx, al
    out dx, al
    dec ecx
    jnz .loop
.not_taken:
    out dx, al
    xor eax, eax
    xor ecx, ecx
    cpuid
    rdtsc
    mov [abs FRESH], eax
    mov byte [abs TRAPPED], 1
    nop
    pause
    fninit
    fld1
    fstp st0
    lock inc dword [abs FRESH + 0x5000]
    mov edx, PORT
    jmp .jump
.jump:
    jmp .out_first
    align 16
.out_first:
    out dx, al
    jmp .end
    align 16
.end:
%rep 300                        ; More than a block of the engine's has.
    crc32 eax, ecx
%endrep
    done

; What leads to a handler and out of it, or is carried out by the library.
events:
    load_tables
.begin:
    int3
.breakpoint:
    ud2
.undefined:
    int 0x80
.interrupt:
    mov eax, [abs 0x40000000]   ; #PF
on_vector:
    cmp eax, 3
    je .return
.first:
    cmp eax, 0x80
    je .return
.second:
    cmp eax, 6
    jne .third
.skip:
    add qword [rsp], 2
.return:
    iretq
.third:
    push CODE_0
    push .far
    retfq
.far:
    push .near
    ret
.near:
    mov ecx, 0xc0000080         ; EFER.SCE
    rdmsr
    or eax, 1
    wrmsr
    mov ecx, 0xc0000081         ; STAR
    mov edx, CODE_0
    xor eax, eax
    wrmsr
    mov ecx, 0xc0000082         ; LSTAR
    mov eax, .system_call
    xor edx, edx
    wrmsr
    mov edx, PORT
    syscall
.system_call:
    out dx, al
    done

; 256 blocks in an order that follows from RAX, RBX times.
many:
    mov edi, .blocks
.next:
    imul rax, rax, 0x19660d
    add rax, 0x3c6ef35f
    mov rdx, rax
    shr rdx, 24
    movzx edx, dl
    shl edx, 4
    add edx, edi
    jmp rdx
    align 16
.blocks:
%rep 256
    align 16
    dec rbx
    jz near .end
    jmp near .next
%endrep
.end:
    done

; Comparisons in all their forms, and instructions that are none.
compared:
    mov rax, 0x1122334455667788
    mov rbx, 0x99aabbccddeeff00
.byte:
    cmp al, 0x80
.high:
    cmp ah, bl
.word:
    cmp ax, 0x1234
.double:
    cmp eax, ebx
.quad:
    cmp rax, -2
.memory:
    cmp [abs .data], rbx
    sub eax, 5
    test eax, eax
.fresh:
    cmp dword [abs FRESH + 0x7000], 7   ; Memory that is not there yet.
    mov esi, .data
    mov edi, .data + 8
    mov ecx, 4
.string:
    repe cmpsb
    mov edi, .data + 8
    mov al, 2
.scan:
    scasb
    done
    align 8
.data:
    dq 0x0807060504030201
    dq 0x0807060504110201

    times 0x4000 - 8 - ($ - $$) db 0x90
; The page behind is first touched where a branch that is not taken leads to it.
late.last:
    dec ecx
    jz near late.end
late.first:
    inc eax
    jmp late.last
late:
    mov ecx, 3
    jmp .last
late.end:
    done

    tables

    times 0x8000 - ($ - $$) db 0
EDGES:
    dq .counted, .divided, .events, .late, COMPARISONS
.counted:
    dq 12
    dq NOWHERE, start, 1, start, counted, 1, counted, counted.again, 1
    dq counted.again, counted.again, 3, counted.again, counted.call, 1
    dq counted.call, counted.function, 1, counted.function, counted.above, 1
    dq counted.above, counted.returned, 1, counted.returned, counted.taken, 1
    dq counted.taken, counted.repeated, 1, counted.repeated, counted.repeated, 2
    dq counted.repeated, counted.behind, 1
.divided:
    dq 8
    dq NOWHERE, start, 1, start, divided, 1, divided, divided.loop, 1
    dq divided.loop, divided.loop, 1, divided.loop, divided.not_taken, 1
    dq divided.not_taken, divided.jump, 1, divided.jump, divided.out_first, 1
    dq divided.out_first, divided.end, 1
.events:
    dq 22
    dq events.begin, table_stubs + 3 * 16, 1, table_stubs + 3 * 16, on_vector, 1
    dq on_vector, on_vector.return, 1, on_vector.return, events.breakpoint, 1
    dq events.breakpoint, table_stubs + 6 * 16, 1, table_stubs + 6 * 16, on_vector, 1
    dq on_vector, on_vector.first, 3, on_vector.first, on_vector.second, 2
    dq on_vector.second, on_vector.skip, 1, on_vector.skip, events.undefined, 1
    dq events.undefined, table_stubs + 0x80 * 16, 1, table_stubs + 0x80 * 16, on_vector, 1
    dq on_vector.first, on_vector.return, 1, on_vector.return, events.interrupt, 1
    dq events.interrupt, table_stubs + 14 * 16, 1, table_stubs + 14 * 16, on_vector, 1
    dq on_vector.second, on_vector.third, 1, on_vector.third, on_vector.far, 1
    dq on_vector.far, on_vector.near, 1, on_vector.near, on_vector.system_call, 1
    dq NOWHERE, start, 1, start, events, 1
.late:
    dq 6
    dq NOWHERE, start, 1, start, late, 1, late, late.last, 1
    dq late.last, late.first, 2, late.first, late.last, 2, late.last, late.end, 1
COMPARISONS:
    dq compared.byte, compared.high, compared.word, compared.double, compared.quad
    dq compared.memory, compared.fresh, compared.string, compared.scan

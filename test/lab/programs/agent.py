"""Sockets and frames on demand, for one network namespace.

Reads one JSON request per line from standard input, writes one JSON answer per line. Ends when its input closes, and
in any case after two minutes, so that a lab that died leaves nothing behind.
"""
import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time

SO_ATTACH_FILTER = 26
TCP_MD5SIG = 14

held = {}


def hold(item):
    key = item.fileno()
    held[key] = item
    return key


def options(sock, wanted):
    for level, name, value in wanted or []:
        sock.setsockopt(getattr(socket, level), getattr(socket, name) if isinstance(name, str) else name, value)


def family(address):
    return socket.AF_INET6 if address and ':' in address else socket.AF_INET


def listen(backlog, address='0.0.0.0', opts=None):
    sock = socket.socket(family(address))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    options(sock, opts)
    sock.bind((address, 0))
    sock.listen(backlog)
    return {'socket': hold(sock), 'port': sock.getsockname()[1]}


def accept(socket_, count=1, seconds=2.0):
    listener = held[socket_]
    listener.settimeout(seconds)
    return {'sockets': [hold(listener.accept()[0]) for _ in range(count)]}


def swallow(socket_):
    """Accepts for ever and reads everything."""
    listener = held[socket_]
    listener.setblocking(True)

    def reader(peer):
        with peer:
            while peer.recv(1 << 16):
                pass

    def acceptor():
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=reader, args=(peer,), daemon=True).start()

    threading.Thread(target=acceptor, daemon=True).start()
    return {}


def connect(address, port, count=1, wait=0.0, opts=None, bind=None, interval=0.0):
    """Starts connections; with `wait`, gives each so many seconds. `errors` names what each came to ('' is connected)."""
    sockets, errors = [], []
    for _ in range(count):
        sock = socket.socket(family(address))
        options(sock, opts)
        if bind:
            sock.bind((bind, 0))
        if wait > 0:
            sock.settimeout(wait)
        else:
            sock.setblocking(False)
        try:
            sock.connect((address, port))
            errors.append('')
        except OSError as error:
            errors.append(errno.errorcode.get(error.errno, 'ETIMEDOUT'))
        sockets.append(hold(sock))
        if interval:
            time.sleep(interval)
    return {'sockets': sockets, 'errors': errors}


def send(socket_, size, seconds=0.0, chunk=1 << 16):
    """Sends up to `size` bytes; stops when the kernel takes no more for `seconds`. Says how many went and why it ended."""
    sock = held[socket_]
    sock.settimeout(seconds)
    sent = 0
    try:
        while sent < size:
            sent += sock.send(bytes(min(chunk, size - sent)))
        return {'sent': sent, 'error': ''}
    except OSError as error:
        return {'sent': sent, 'error': errno.errorcode.get(error.errno, 'ETIMEDOUT')}


def stream(socket_, rate, seconds, chunk=8192):
    """Sends `rate` bytes per second for so many seconds."""
    sock = held[socket_]
    sock.settimeout(seconds)
    end, sent = time.monotonic() + seconds, 0
    pause = chunk / rate
    try:
        while time.monotonic() < end:
            sent += sock.send(bytes(chunk))
            time.sleep(pause)
        return {'sent': sent, 'error': ''}
    except OSError as error:
        return {'sent': sent, 'error': errno.errorcode.get(error.errno, 'ETIMEDOUT')}


def receive(socket_, size, seconds=1.0):
    sock = held[socket_]
    sock.settimeout(seconds)
    try:
        return {'received': len(sock.recv(size)), 'error': ''}
    except OSError as error:
        return {'received': 0, 'error': errno.errorcode.get(error.errno, 'ETIMEDOUT')}


def udp(bind=None, opts=None, peer=None):
    sock = socket.socket(family(bind), socket.SOCK_DGRAM)
    options(sock, opts)
    if bind:
        sock.bind((bind, 0))
    if peer:
        sock.connect((peer['address'], peer['port']))
    return {'socket': hold(sock), 'port': sock.getsockname()[1]}


def read_all(socket_):
    """Reads a connection to its end."""
    sock = held[socket_]
    sock.setblocking(True)

    def reader():
        while sock.recv(1 << 16):
            pass

    threading.Thread(target=reader, daemon=True).start()
    return {}


def swallow_udp(socket_):
    sock = held[socket_]
    sock.setblocking(True)

    def reader():
        while True:
            sock.recv(1 << 16)

    threading.Thread(target=reader, daemon=True).start()
    return {}


def sendto(socket_, address, port, count, size=100, interval=0.0):
    """Sends datagrams; `errors` counts what sendto() refused, by its name."""
    sock = held[socket_]
    data = bytes(size)
    sent, errors = 0, {}
    for _ in range(count):
        try:
            sock.sendto(data, (address, port))
            sent += 1
        except OSError as error:
            name = errno.errorcode[error.errno]
            errors[name] = errors.get(name, 0) + 1
        if interval:
            time.sleep(interval)
    return {'sent': sent, 'errors': errors}


def setopt(socket_, opts):
    options(held[socket_], opts)
    return {}


def sign(socket_, address, key):
    """Wants every segment of a peer signed with MD5: struct tcp_md5sig of linux/tcp.h."""
    peer = struct.pack('=HH4s120x', socket.AF_INET, 0, socket.inet_aton(address))
    held[socket_].setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, peer + struct.pack('=BBHi80s', 0, 0, len(key), 0, key.encode()))
    return {}


def drop_all(socket_):
    """Attaches a socket filter that lets nothing through: one instruction, BPF_RET 0."""
    instruction = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))
    program = struct.pack('HL', 1, ctypes.addressof(instruction))
    held[socket_].setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    return {}


def close(sockets):
    for key in sockets:
        held.pop(key).close()
    return {}


def frames(dev, frames, interval=0.0):
    """Sends whole Ethernet frames, given in hexadecimal."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((dev, 0))
        for frame in frames:
            raw.send(bytes.fromhex(frame))
            if interval:
                time.sleep(interval)
    return {}


def answer_to(dev, frame, port, seconds=2.0):
    """Sends a frame; gives the first TCP segment over IPv4 that comes for `port`, in hexadecimal."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as raw:
        raw.bind((dev, 0x0800))
        raw.settimeout(seconds)
        raw.send(bytes.fromhex(frame))
        while True:
            packet = raw.recv(1 << 16)[14:]
            if packet[9] == socket.IPPROTO_TCP and struct.unpack_from('!H', packet, 4 * (packet[0] & 15) + 2)[0] == port:
                return {'packet': packet.hex()}


def limit_files(more):
    """Lets this program open so many files more and no further ones."""
    free = [os.dup(0) for _ in range(more)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[-1] + 1, free[-1] + 1))
    for number in free:
        os.close(number)
    return {}


def accept_for_ever(socket_):
    listener = held[socket_]
    listener.setblocking(True)
    kept = []

    def acceptor():
        while True:
            try:
                kept.append(listener.accept()[0])
            except OSError:
                time.sleep(0.05)

    threading.Thread(target=acceptor, daemon=True).start()
    return {}


def reset(sockets):
    """Closes connections by a reset: lingering for no time (socket(7))."""
    for key in sockets:
        held[key].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    return close(sockets)


def capture(dev, opts=None):
    """A packet socket that is never read."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    options(raw, opts)
    raw.bind((dev, 0))
    return {'socket': hold(raw)}


class Tun:
    def __init__(self, name):
        self.fd = os.open('/dev/net/tun', os.O_RDWR)
        # TUNSETIFF; IFF_TUN | IFF_NO_PI
        fcntl.ioctl(self.fd, 0x400454CA, struct.pack('16sH22x', name.encode(), 0x1001))

    def fileno(self):
        return self.fd

    def close(self):
        os.close(self.fd)


def tun(name):
    """A tunnel device whose program never reads."""
    return {'socket': hold(Tun(name))}


def drain(socket_):
    """Reads what has come so far, and counts it."""
    fd = held[socket_].fileno()
    os.set_blocking(fd, False)
    count = 0
    try:
        while os.read(fd, 1 << 16):
            count += 1
    except BlockingIOError:
        pass
    return {'read': count}


def drain_accepts(socket_):
    """Accepts and closes every connection that waits."""
    listener = held[socket_]
    listener.setblocking(False)
    count = 0
    try:
        while True:
            listener.accept()[0].close()
            count += 1
    except BlockingIOError:
        pass
    return {'accepted': count}


OPERATIONS = {
    operation.__name__: operation
    for operation in (
        listen, accept, swallow, connect, send, stream, receive, udp, read_all, swallow_udp, sendto, setopt, sign, drop_all, close,
        frames, answer_to, limit_files, accept_for_ever, reset, capture, tun, drain, drain_accepts,
    )
}


def main():
    signal.alarm(120)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            arguments = {'socket_' if key == 'socket' else key: value for key, value in request['with'].items()}
            answer = OPERATIONS[request['do']](**arguments)
        except Exception as error:  # the lab shows it
            answer = {'failed': f"{request['do']}: {type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()

# The recipe of docs/snapshot-check.md that needs a capture: tcpflow makes HTTP
# of it, and snapshot-check says of all that clients have sent what it is to a
# gateway.  t/docs.t runs the other recipes.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Cases;
use Check;

plan skip_all => 'there is no tcpflow'
    if !grep { -x "$_/tcpflow" } split /:/, $ENV{PATH};

my $dir = File::Temp->newdir(TMPDIR => 1);

# a capture of connections to port 8080 of this machine, in pcap's format

sub checksum {
    my ($bytes) = @_;

    my $sum = unpack '%32n*', length($bytes) % 2 ? "$bytes\0" : $bytes;
    $sum = ($sum >> 16) + ($sum & 0xffff) for 1, 2;

    return ~$sum & 0xffff;
}

sub packet {
    my ($from, $to, $seq, $flags, $data) = @_;

    my $ends = "\x7f\0\0\1\x7f\0\0\1";
    my $tcp = pack('nnNNCCnnn', $from, $to, $seq, 0, 5 << 4, $flags, 65535, 0,
                   0) . $data;
    my $ip = pack('CCnnnCCn', 0x45, 0, 20 + length $tcp, 0, 0, 64, 6, 0)
             . $ends;

    substr $tcp, 16, 2,
        pack 'n', checksum($ends . pack('CCn', 0, 6, length $tcp) . $tcp);
    substr $ip, 10, 2, pack 'n', checksum($ip);

    # a frame of Ethernet, so that each tool knows it

    my $frame = "\0" x 12 . "\x08\0" . $ip . $tcp;

    return pack('VVVV', time, 0, (length $frame) x 2) . $frame;
}

sub connection {
    my ($port, $bytes) = @_;

    my $seq = 1000;
    my @packets = packet($port, 8080, $seq++, 0x02, '');

    while (length $bytes) {
        my $piece = substr $bytes, 0, 1000, '';

        push @packets, packet($port, 8080, $seq, 0x18, $piece);
        $seq += length $piece;
    }

    return join '', @packets, packet($port, 8080, $seq, 0x11, '');
}

my @cases = grep { length($_->{sent} // '') < 10_000 } cases();
my @halves = ([@cases[0 .. 99]], [@cases[100 .. $#cases]]);

Check::write_file("$dir/requests.pcap",
    pack('VvvVVVV', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    . join '', map { connection(40000 + $_, http(@{ $halves[$_] })) } 0, 1);

is(system("cd $dir && tcpflow -r requests.pcap -o flows 'tcp dst port 8080'"
          . ' >tcpflow.log 2>&1'), 0, 'tcpflow reads a capture')
    or diag(Check::read_file("$dir/tcpflow.log"));

my @flows = sort glob "$dir/flows/*.08080";

is(scalar @flows, 2, 'each connection is a file');

Check::write_file("$dir/http", http(@cases));

sub in_short {
    return join "\n", map { my $v = $_;
        join ' ', map { ref ? "@$_" : $_ // '-' }
                  @$v{qw(operation verdict status code rules)} } @_;
}

is(in_short(verdicts(['--kind', 'http', @flows])),
   in_short(verdicts(["$dir/http"])), 'each request gets its verdict');

done_testing;

package Check;

# Runs snapshot-check, and writes requests as the files that it reads:
#
#     my ($status, $out, $err) = check(['--format', 'json', 'file'], 'input');
#     my @lines = verdicts(['file']);      # each line of --format ndjson
#     print $fh har(@cases), http(@cases), jsonl(@cases);
#
# A case has method, target, headers and sent, as those of Cases do.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64);

our @EXPORT = qw(check verdicts har http jsonl rules_of text_of
                 unlike_gateway);

my $json = JSON::PP->new->utf8->canonical;
my $program = ($ENV{TEST_BUILD} // 'build') . '/snapshot-check';

-x $program or die "$program is missing: make check-tool\n";

# exit status, or "signal N", and both outputs

sub check {
    my ($args, $input) = @_;

    my $dir = File::Temp->newdir(TMPDIR => 1);

    write_file("$dir/in", $input // '');

    my $pid = fork // die "fork: $!\n";

    if (!$pid) {
        open STDIN, '<', "$dir/in" or die "$dir/in: $!\n";
        open STDOUT, '>', "$dir/out" or die "$dir/out: $!\n";
        open STDERR, '>', "$dir/err" or die "$dir/err: $!\n";
        exec $program, @$args or die "$program: $!\n";
    }

    waitpid $pid, 0;

    my $status = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;

    return ($status, read_file("$dir/out"), read_file("$dir/err"));
}

sub verdicts {
    my ($args, $input) = @_;

    my ($status, $out, $err) = check(['--format', 'ndjson', @$args], $input);

    return map { $json->decode($_) } split /\n/, $out;
}

# "message; message": what a refusal says

sub text_of {
    my ($verdict) = @_;

    my @said = map { $_->{message} }
               grep { $_->{severity} eq 'reject' } @{ $verdict->{violations} };
    my $more = @said - 16;

    return join '; ', @said[0 .. ($more > 0 ? 15 : $#said)],
                      $more > 0 ? "and $more more" : ();
}

# Where snapshot-check says something else of recorded bytes than the gateway
# said; each request has "wire", its bytes, and what the gateway answered, with
# the variables in X-Judged, X-Code and X-All.

sub unlike_gateway {
    my ($rules, @requests) = @_;

    # what nginx itself refuses is none of the gateway's business

    @requests = grep { defined $_->{'x-judged'}
                       && !($_->{status} == 400 && $_->{'x-judged'} =~ / -$/) }
                @requests;

    my $dir = File::Temp->newdir(TMPDIR => 1);

    write_file("$dir/rules", $rules);
    write_file("$dir/requests", join '', map { $_->{wire} } @requests);

    my @told = verdicts(['--kind', 'http', '--rules', "$dir/rules",
                         "$dir/requests"]);

    return scalar(@told) . ' of ' . @requests . ' requests were read'
        if @told != @requests;

    return map { difference($told[$_], $requests[$_]) } 0 .. $#requests;
}

sub difference {
    my ($v, $r) = @_;

    my ($operation, $verdict) = $r->{'x-judged'} =~ /^(.*) (.+)$/
                                or return ();

    $operation = '-' if $verdict eq '-';
    $verdict = 'rejected' if $verdict eq 'monitored';

    my $all = ($r->{'x-all'} // '') =~ s/(?:^|, )more;count=\d+$//r;
    my @listed = map { s/;at=.*//sr } split /, (?=[a-z-]+;at=")/, $all;
    my @found = @{ $v->{violations} };
    my @rules = map { $_->{rule} } @found;

    my %said = (operation => $operation, verdict => $verdict,
                code => $r->{'x-code'} // '', rules => "@listed");
    my %told = (operation => $v->{operation}, verdict => $v->{verdict},
                code => $v->{code} // '',
                rules => "@rules[0 .. ($#listed < $#rules ? $#listed
                                                          : $#rules)]");

    my $error = eval { (values %{ $json->decode($r->{body}) })[0] };

    if (ref $error eq 'HASH' && $error->{violations}) {
        $said{violations} = $json->encode($error->{violations});
        $told{violations} = $json->encode(\@found);
        $said{message} = $error->{message};
        $told{message} = text_of($v);
    }

    return map { "$_ '$told{$_}', not '$said{$_}': "
                 . substr $r->{wire}, 0, 300 }
           grep { $told{$_} ne $said{$_} } sort keys %said;
}

sub jsonl {
    return join '', map {
        my $case = $_;

        $json->encode({ method => $case->{method}, target => $case->{target},
            headers => $case->{headers}, defined $case->{sent}
            ? (body_base64 => encode_base64($case->{sent}, '')) : (),
            body => '' }) . "\n";
    } @_;
}

sub http {
    return join '', map {
        my $case = $_;
        my @headers = (['Host', 'localhost'], @{ $case->{headers} },
            defined $case->{sent}
            ? ['Content-Length', length $case->{sent}] : ());

        "$case->{method} $case->{target} HTTP/1.1\r\n"
        . join('', map { "$_->[0]: $_->[1]\r\n" } @headers) . "\r\n"
        . ($case->{sent} // '');
    } @_;
}

# what is no UTF-8 has no place in a HAR file, which then has its size alone

sub har {
    my @entries = map {
        my $case = $_;
        my $body = $case->{sent} // '';
        my $text = $body;
        my %data = utf8::decode($text) && length $text
                   ? (postData => { mimeType => 'application/json',
                                    text => $text }) : ();

        { request => { method => $case->{method},
                       url => "http://localhost:8080$case->{target}",
                       httpVersion => 'HTTP/1.1', bodySize => length $body,
                       headers => [map { { name => $_->[0], value => $_->[1] } }
                                   ['Host', 'localhost:8080'],
                                   @{ $case->{headers} }], %data },
          response => { status => 200, content => { text => "}\\]\"\x{e9}" } } }
    } @_;

    return JSON::PP->new->utf8->canonical->pretty->encode(
        { log => { version => '1.2', creator => { name => 't' },
                   entries => \@entries } });
}

# the directives of a configuration that a file of rules can have

sub rules_of {
    my ($name) = @_;

    return join "\n", read_file($name)
                      =~ /^\s*(snapshot_(?:rule|prefix|allow)\b[^;]*;)/mg;
}

sub write_file {
    my ($name, $content) = @_;

    open my $fh, '>:raw', $name or die "$name: $!\n";
    print $fh $content;
    close $fh or die "$name: $!\n";
}

sub read_file {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh> // '';
}

1;

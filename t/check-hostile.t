# Whatever snapshot-check is given, it ends with a report, and names what it
# could not read by file and line; its memory does not grow with the input.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use Test::More;

use Cases;
use Check;

my $dir = File::Temp->newdir(TMPDIR => 1);
my $line = '{"request_method": "GET", "request_uri": "/v3/p/snapshots"}' . "\n";
my $http = "POST /v3/p/snapshots HTTP/1.1\r\n";

# title, contents, exit status, what is said of which line, requests judged

my @inputs = (
    ['nothing', '', 0, undef, 0],
    ['blanks', " \n\n ", 0, undef, 0],
    ['no kind of file', "hello\n", 2, '1: is no HAR file', 0],
    ['a NUL', "\0", 2, '1: is no HAR file', 0],
    ['a line that is no JSON', "$line$line\{\n$line", 2,
     '3: is no JSON object', 3],
    ['a line of a list', "$line\[1]\n$line", 2, '2: is no JSON object', 2],
    ['a line that is no UTF-8', "$line\{\"a\": \"\xff\"}\n$line", 2,
     '2: is no JSON object', 2],
    ['a line with a NUL', "$line\{\"a\": \"\0\"}\n$line", 2,
     '2: is no JSON object', 2],
    ['a line that is cut', $line . substr($line, 0, 30), 2,
     '2: is no JSON object', 1],
    ['a last line without its end', $line . substr($line, 0, -1), 0, undef, 2],
    ['lines of Windows', $line =~ s/\n/\r\n/r x 3, 0, undef, 3],
    ['a line that is nested deeply',
     $line . '{"a": ' . '[' x 100_000 . ']' x 100_000 . "}\n$line", 2,
     '2: is no JSON object', 2],
    ['a line without a target', "$line\{\"request_method\": \"GET\"}\n", 2,
     '2: has no method or no target', 1],
    ['a request line without a target', "$line\{\"request\": \"-\"}\n", 2,
     '2: has a request line without a target', 1],
    ['a line of 20 MB', $line . '{"a": "' . 'x' x 20_000_000 . "\"}\n$line",
     2, '2: is longer than 16 MB', 2],
    ['a case without a method', qq({"headers": [], "target": "/"}\n), 2,
     '1: has no "method" or no "target"', 0],
    ['a case with a header that is none',
     qq({"headers": [1], "method": "GET", "target": "/"}\n), 2,
     '1: has a header that is no list', 0],
    ['a case with a body that is no Base64', qq({"headers": [], "method": )
     . qq("PUT", "target": "/", "body_base64": "*"}\n), 2,
     '1: has a "body_base64" that is no Base64', 0],
    ['a HAR file that is cut', qq({"log": {"entries": [\n{"request": {"met), 2,
     '2: ends inside of a string', 0],
    ['a HAR file that ends early', qq({"log": {"entries": [\n), 2,
     '2: must be an object, is none or ends early', 0],
    ['a HAR file with text behind', qq({"log": {"entries": []}}\nx), 2,
     '2: has text behind the HAR object', 0],
    ['a HAR file without commas', qq({"log": {"entries": [\n)
     . qq({"request": {"method": "GET", "url": "/"}}\n{}]}}), 2,
     '3: ends early, or has no comma between entries', 1],
    ['a HAR file that is nested deeply',
     '{"log": {"x": ' . '[' x 1_000_000 . ']' x 1_000_000
     . ', "entries": []}}', 0, undef, 0],
    ['entries that are no list', qq({"log": {"entries": {}}}), 2,
     '1: "entries" must be a list', 0],
    ['an entry without a request', qq({"log": {"entries": [{},\n)
     . qq({"request": {"method": "GET", "url": "/"}}]}}), 2,
     '1: has an entry without a request', 1],
    ['a request that is nested deeply', qq({"log": {"entries": [\n)
     . '{"request": ' . '[' x 100_000 . ']' x 100_000 . '}]}}', 2,
     '2: has an entry without a request, or one that is no JSON', 0],
    ['a request of 20 MB', qq({"log": {"entries": [\n{"request": {"x": ")
     . 'x' x 20_000_000 . qq("}}]}}), 2,
     '2: has an entry with a request of more than 16 MB', 0],
    ['a response of 20 MB', qq({"log": {"entries": [\n{"request": )
     . '{"method": "GET", "url": "/v3/p/snapshots"}, "response": {"x": "'
     . 'x' x 20_000_000 . qq("}}]}}), 0, undef, 1],
    ['HTTP without a target', "GET / HTTP/1.1\r\n\r\nGET\r\n\r\n", 2,
     '3: is no request line of HTTP/1', 1],
    ['HTTP that ends in a header', "${http}Host: a", 2,
     '2: ends inside of a header', 0],
    ['HTTP that ends in a body', "${http}Content-Length: 5\r\n\r\n{}", 2,
     '4: ends inside of a body', 0],
    ['a header field without a name', "${http}Host\r\n\r\n", 2,
     '2: has a header field without a name', 0],
    ['a length that is no number', "${http}Content-Length: x\r\n\r\n", 2,
     '2: has a Content-Length that is no number', 0],
    ['a length of many digits',
     "${http}Content-Length: @{['9' x 40]}\r\n\r\n", 2,
     '2: has a Content-Length that is no number', 0],
    ['a chunk without a size',
     "${http}Transfer-Encoding: chunked\r\n\r\nx\r\n", 2,
     '4: has a chunk without a size', 0],
    ['a chunk that is longer than its size',
     "${http}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", 2,
     '5: has a chunk that is longer', 0],
    ['a body of 20 MB', "${http}Content-Length: 20000000\r\n\r\n"
     . 'x' x 20_000_000, 1, undef, 1],
);

for my $input (@inputs) {
    my ($title, $contents, $status, $said, $judged) = @$input;

    Check::write_file("$dir/input", $contents);

    my ($rc, $out, $err) = check(['--format', 'json', "$dir/input"]);
    my $report = eval { decode_json($out) } // {};

    is($rc, $status, "$title: exit status");
    is($report->{requests}, $judged, "$title: what can be read is judged");

    defined $said ? like($err, qr/^snapshot-check: \Q$dir\E\/input:\Q$said\E/,
                         "$title: what cannot is named")
                  : is($err, '', "$title: nothing is said");
}

# what is not there, or is no file

for my $name ("$dir/none", "$dir") {
    my ($rc, $out, $err) = check(['--format', 'json', $name, 't/data/cases.jsonl']);

    is($rc, 2, "$name: cannot be read");
    like($err, qr/^snapshot-check: \Q$name\E(?::1)?: \w/, 'and is named');
    is(decode_json($out)->{requests}, 241, 'the next file is read');
}

my ($rc, $out, $err) = check(['-'], $line x 3);
is($rc, 0, 'the standard input is read');
like($out, qr/^3 requests: /, 'as a file is');

# a disk that is full

SKIP: {
    skip 'no /dev/full', 1 if !-e '/dev/full';
    is(system("$ENV{TEST_BUILD}/snapshot-check --format ndjson"
              . ' t/data/cases.jsonl >/dev/full 2>/dev/null') >> 8, 2,
       'a report that cannot be written is an error');
}

# cut anywhere, each kind of file ends in what is read and what is not

my @some = (cases())[0 .. 7, 100 .. 103];

for my $kind (qw(jsonl har http)) {
    my $text = Check->can($kind)->(@some);
    my %seen;
    my $bad = 0;

    for (my $n = 0; $n < length $text; $n += 1 + length($text) / 60) {
        ($rc) = check(['--format', 'json', '-'], substr $text, 0, $n);
        $bad++ if $rc !~ /^[012]$/;
        $seen{$rc}++;
    }

    is($bad, 0, "$kind: wherever it is cut, snapshot-check ends by itself");
    ok($seen{2}, "$kind: and says so");
}

# a gigabyte must take no more memory than a megabyte

SKIP: {
    skip 'the sanitizers want room of their own', 3
        if ($ENV{TEST_BUILD} // '') =~ /sanitize|coverage/;

    my %kinds = (
        log => ['', $line, ''],
        http => ['', "GET /v3/p/snapshots HTTP/1.1\r\nHost: h\r\n\r\n", ''],
        har => ['{"log": {"entries": [{}',
                ', {"request": {"method": "GET", "url": "/v3/p/snapshots", '
                . '"headers": []}, "response": {"x": [{}, "]"]}}', ']}}'],
    );

    for my $kind (sort keys %kinds) {
        my ($first, $each, $last) = @{ $kinds{$kind} };
        my $pid = open my $pipe, '|-', "ulimit -v 40000; exec "
            . "$ENV{TEST_BUILD}/snapshot-check --format json --kind $kind -"
            . " >$dir/out 2>/dev/null" or die "sh: $!\n";
        my $part = $each x 10_000;

        print $pipe $first;
        print $pipe $part for 1 .. 60;
        print $pipe $last;
        close $pipe;

        is(eval { decode_json(Check::read_file("$dir/out"))->{requests} },
           600_000, "$kind: 600,000 requests are judged in 40 MB");
    }
}

done_testing;

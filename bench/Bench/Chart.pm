package Bench::Chart;

# Instructions a request, one row a workload, on a logarithmic axis, as an SVG
# for light and dark backgrounds.

use strict;
use warnings;

use Bench::Report;

# a shape beside the colour, for who does not see it

my @marks = (
    [enforce_zone => 'this module', 'circle'],
    [lua => 'lua-nginx, cjson', 'diamond'],
    [njs => 'njs', 'square'],
    [modsecurity => 'ModSecurity', 'triangle'],
);

my ($width, $left, $right, $top, $row) = (880, 260, 92, 84, 32);
my $title = 'Instructions a request, by workload and gateway';
my $scale = 'logarithmic: each line is ten times the one before';

my $style = <<'EOT';
  <style>
    text { font: 13px system-ui, sans-serif; fill: #424a53 }
    .title { font-size: 16px; font-weight: 600 }
    .small { font-size: 12px }
    .grid { stroke: #8c959f; stroke-opacity: .35 }
    .span { stroke: #8c959f; stroke-opacity: .8 }
    .plain { stroke: #57606a; stroke-width: 3 }
    .enforce_zone { fill: #0969da }
    .lua { fill: #bc6c00 }
    .njs { fill: #1a7f37 }
    .modsecurity { fill: #a040b8 }
    @media (prefers-color-scheme: dark) {
      text { fill: #c9d1d9 }
      .plain { stroke: #c9d1d9 }
      .enforce_zone { fill: #4493f8 }
      .lua { fill: #db9338 }
      .njs { fill: #3fb950 }
      .modsecurity { fill: #cb7ae0 }
    }
  </style>
EOT

sub log10 { return log($_[0]) / log 10 }

sub svg {
    my ($r) = @_;

    my @workloads = @{ $r->{workloads} };
    my @all = grep { $_ } map { my $w = $_->{key};
                   map { Bench::Report::number($r, $_, $w, 'instructions') }
                   'plain', map { $_->[0] } @marks } @workloads;

    die "no instructions to draw\n" if !@all;

    my ($least, $most) = (sort { $a <=> $b } @all)[0, -1];
    my ($from, $to) = (int log10($least), log10($most * 1.3));
    my $height = $top + $row * @workloads + 44;
    my $bottom = $top + $row * @workloads;

    my $x = sub {
        return sprintf '%.1f', $left + ($width - $left - $right)
                               * (log10($_[0]) - $from) / ($to - $from);
    };

    my $out = '';

    for my $power ($from .. int $to) {
        my $at = $x->(10 ** $power);
        my $label = ('1', '10', '100')[$power % 3]
                    . ('', ' k', ' M', ' G')[$power / 3];

        $out .= qq(  <line class="grid" x1="$at" y1="$top" x2="$at" )
              . qq(y2="$bottom"/>\n)
              . text($at, $bottom + 18, $label, 'middle', 'small');
    }

    $out .= text($width - 8, $top - 10, 'this module, of plain', 'end',
                 'small');

    for my $i (0 .. $#workloads) {
        $out .= row($r, $workloads[$i], $top + $row * ($i + 0.5), $x);
    }

    return qq(<svg xmlns="http://www.w3.org/2000/svg" role="img" )
           . qq(viewBox="0 0 $width $height" aria-labelledby="title desc">\n)
           . qq(  <title id="title">$title</title>\n)
           . qq(  <desc id="desc">@{[description($r)]}</desc>\n)
           . $style . text(8, 22, 'Instructions a request', 'start', 'title')
           . legend() . $out
           . text($left, $bottom + 36, $scale, 'start', 'small')
           . "</svg>\n";
}

sub row {
    my ($r, $w, $y, $x) = @_;

    my $i = sub { Bench::Report::number($r, $_[0], $w->{key}, 'instructions') };
    my $plain = $i->('plain');
    my $name = $w->{name} =~ s/, a (?:name of 256 bytes|bad volume_id)//r;
    my @at = map { $x->($_) } sort { $a <=> $b } grep { $_ }
             $plain, map { $i->($_->[0]) } @marks;

    return '' if !@at;

    my $out = text($left - 14, $y + 4, $name, 'end')
            . qq(  <line class="span" x1="$at[0]" y1="$y" x2="$at[-1]" )
            . qq(y2="$y"/>\n);

    if ($plain) {
        my $at = $x->($plain);
        my ($y1, $y2) = ($y - 10, $y + 10);
        $out .= qq(  <line class="plain" x1="$at" y1="$y1" x2="$at" )
              . qq(y2="$y2"/>\n);
    }

    # ours is drawn last, over what is near it

    for my $mark (reverse @marks) {
        my $n = $i->($mark->[0]) or next;
        $out .= mark($x->($n), $y, @$mark[0, 2],
                     "$mark->[1]: " . Bench::Report::instructions_text($n));
    }

    $out .= text($width - 8, $y + 4,
                 sprintf('%.2f', $i->('enforce_zone') / $plain), 'end')
        if $plain && $i->('enforce_zone');

    return $out;
}

sub mark {
    my ($x, $y, $class, $shape, $title) = @_;

    my $points;

    if ($shape eq 'diamond') {
        $points = [[0, -7], [7, 0], [0, 7], [-7, 0]];

    } elsif ($shape eq 'square') {
        $points = [[-5, -5], [5, -5], [5, 5], [-5, 5]];

    } elsif ($shape eq 'triangle') {
        $points = [[0, -7], [7, 5], [-7, 5]];
    }

    my $tag = $points
        ? 'polygon points="' . join(' ', map { join ',', $x + $_->[0],
                                               $y + $_->[1] } @$points) . '"'
        : qq(circle cx="$x" cy="$y" r="6");
    my ($name) = $tag =~ /^(\w+)/;

    return "  <$tag class=\"$class\"><title>$title</title></$name>\n";
}

sub legend {
    my $at = 14;
    my $y = 48;
    my $out = qq(  <line class="plain" x1="$at" y1="38" x2="$at" y2="58"/>\n)
            . text($at + 12, $y + 4, 'plain proxy_pass', 'start');

    $at += 138;

    for my $mark (@marks) {
        $out .= mark($at, $y, @$mark[0, 2], $mark->[1])
              . text($at + 14, $y + 4, $mark->[1], 'start');
        $at += 46 + 6.8 * length $mark->[1];
    }

    return $out;
}

sub text {
    my ($x, $y, $text, $anchor, $class) = @_;

    $class = $class ? qq( class="$class") : '';

    return qq(  <text x="$x" y="$y" text-anchor="$anchor"$class>$text</text>\n);
}

sub description {
    my ($r) = @_;

    return join ' ', map {
        my $w = $_;
        my @of = map {
            my ($key, $name) = @$_;
            my $n = Bench::Report::number($r, $key, $w->{key}, 'instructions');
            $n ? "$name " . Bench::Report::instructions_text($n) : ();
        } [plain => 'plain'], @marks;
        "\u$w->{name}: " . join(', ', @of) . '.';
    } @{ $r->{workloads} };
}

1;

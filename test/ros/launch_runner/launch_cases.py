"""Launch files that use all that the runner supports: it and ROS 2's launch agree on them.

`NODE` stands for a node of the package `robots`. An included file is `inner/inner.launch.xml`.
"""

INNER = """
<arg name="inner_arg" default="inner_default" description="of the inner file"/>
<let name="leaked" value="from_inner"/>
NODE name="inner" args="$(var inner_arg) $(dirname)"/>
"""

GOOD = {
    'bare': 'NODE/>',
    'name': 'NODE name="n"/>',
    'namespace': 'NODE namespace="ns"/>',
    'absolute namespace': 'NODE namespace="/ns/"/>',
    'nested namespace': 'NODE namespace="a/b"/>',
    'empty namespace': 'NODE namespace=""/>',
    'root namespace': 'NODE name="n" namespace="/"><param name="a" value="1"/></node>',
    'arguments': 'NODE args="--a b  c"/>',
    'empty arguments': 'NODE args=""/>',
    'arguments with substitutions': (
        '<let name="x" value="p q"/>NODE args="a$(var x)b c $(var x) $(var x)$(var x) d"/>'
    ),
    'remaps': 'NODE><remap from="a" to="b"/><remap from="/c" to="~/d"/></node>',
    'remaps and params in order': (
        'NODE name="n"><remap from="a" to="b"/><param name="p" value="1"/>'
        '<remap from="c" to="d"/><param name="q" value="2"/></node>'
    ),
    'let in a group': (
        '<let name="x" value="1"/><group><let name="x" value="2"/>NODE args="$(var x)"/></group>'
        'NODE args="$(var x)"/>'
    ),
    'arg in a group': (
        '<group><arg name="x" default="1"/>NODE args="$(var x)"/></group>'
        '<arg name="x" default="2"/>NODE args="$(var x)"/>'
    ),
    'arg given': '<arg name="given" default="1"/>NODE args="$(var given)"/>',
    'arg of two defaults': (
        '<arg name="a" default="1"/><arg name="a" default="2"/>NODE args="$(var a)"/>'
    ),
    'arg with the default of another': (
        '<arg name="a" default="1"/><arg name="b" default="$(var a)2"/>NODE args="$(var b)"/>'
    ),
    'arg with an empty default': '<arg name="a" default=""/>NODE args="x$(var a)"/>',
    'arg with quotes as default': (
        '<arg name="a" default="\'\'"/>NODE><param name="p" value="$(var a)"/></node>'
    ),
    'computed let': (
        '<let name="n" value="x"/><let name="$(var n)" value="7"/>NODE args="$(var x)"/>'
    ),
    'if': ''.join(
        f'NODE name="n{i}" if="{text}"/>'
        for i, text in enumerate(['true', 'TRUE', ' True ', '1', '0', 'false', 'False'])
    ),
    'unless': 'NODE unless="1" name="a"/>NODE unless="0" name="b"/>',
    'if on all': (
        '<group if="false">NODE/></group><group unless="false">NODE args="b"/></group>'
        '<include file="nothing" if="false"/>NODE/>'
    ),
    'packages': 'NODE args="$(find-pkg-share robots)/x"/>',
    'dirname': 'NODE args="$(dirname)"/>',
    'dollars': 'NODE><param name="p" value="a $ $x b"/></node>',
    'include': '<include file="$(dirname)/inner/inner.launch.xml"/>NODE args="$(var leaked)"/>',
    'include with arg': (
        '<include file="$(dirname)/inner/inner.launch.xml"><arg name="inner_arg" value="v"/>'
        '<arg name="other" value="o"/></include>NODE args="$(var inner_arg)$(var other)"/>'
    ),
    'include passes variables on': (
        '<let name="inner_arg" value="outer"/><include file="$(dirname)/inner/inner.launch.xml"/>'
    ),
    'include in a group': (
        '<let name="leaked" value="no"/><group>'
        '<include file="$(dirname)/inner/inner.launch.xml"/></group>NODE args="$(var leaked)"/>'
    ),
    'params from a file': 'NODE name="n"><param from="$(dirname)//inner/params.yaml"/></node>',
    'order of params': (
        'NODE name="n" namespace="s"><param name="a" value="1"/>'
        '<param from="$(dirname)/inner/params.yaml"/><param name="a" value="2"/></node>'
    ),
    'param with a computed name': (
        '<let name="k" value="a.b"/>NODE><param name="$(var k)" value="1"/></node>'
    ),
    'on_exit': 'NODE on_exit="shutdown"/>',
    'comment': '<!-- nothing -->NODE><!-- here --></node>',
}

VARIABLES = {
    'one': '1',
    'half': '0.5',
    'list': '[1, 2]',
    'text': 'some text',
    'empty': '',
    'yes': 'true',
    'quoted': "'5'",
}
LETS = ''.join(f'<let name="{name}" value="{value}"/>' for name, value in VARIABLES.items())
VALUES = (
    """
1|-1|1.0|1e3|1.0e3|.inf|0x10|010|1_000|true|Yes|off|text|| |'1'|"1"|''|a: b|a:b|[1, 2]|[1.0, 2.0]
[a, b]|[1, 2.0]|[1, a]|[true, false]|[[1]]|{a: 1}|null|~|2024-01-01|#x|0|1 | true|- 1|/a/b|~/x|é
12345678901234567890|$(var one)|$(var list)|$(var text)|$(var empty)|$(var yes)|$(var half)
$(var one)$(var one)|$(var one).5|$(var quoted)|a$(var text)
""".strip()
    .replace('\n', '|')
    .split('|')
)

BAD = {
    'tag': '<nodes/>',
    'attribute': 'NODE foo="1"/>',
    'substitution': 'NODE args="$(no-such x)"/>',
    'if and unless': 'NODE if="1" unless="0"/>',
    'condition': 'NODE if="yes"/>',
    'empty condition': 'NODE if=""/>',
    'required arg': '<arg name="a"/>',
    'unknown variable': 'NODE args="$(var no)"/>',
    'unknown package': 'NODE args="$(find-pkg-share no_such)"/>',
    'unknown executable': '<node pkg="robots" exec="no_such" output="screen"/>',
    'no exec': '<node pkg="robots" output="screen"/>',
    'let without value': '<let name="a"/>',
    'if in param': 'NODE><param name="a" value="1" if="1"/></node>',
    'if in remap': 'NODE><remap from="a" to="b" if="1"/></node>',
    'default in include arg': (
        '<include file="$(dirname)/inner/inner.launch.xml"><arg name="a" default="1"/></include>'
    ),
    'no file': '<include file="$(dirname)/no.launch.xml"/>',
    'node name': 'NODE name="a-b"/>',
    'node name with namespace': 'NODE name="a/b"/>',
    'node namespace': 'NODE namespace="a-b"/>',
    'node namespace with two slashes': 'NODE namespace="a//b"/>',
    'on_exit': 'NODE on_exit="restart"/>',
    'param without value': 'NODE><param name="a"/></node>',
    'param with name and from': 'NODE><param name="a" from="x"/></node>',
    'param with neither': 'NODE><param value="1"/></node>',
    'param type': 'NODE><param name="a" value="1" type="double"/></node>',
    'nested in remap': 'NODE><remap from="a" to="b"><x/></remap></node>',
    'tag in a branch not taken': '<group if="false"><nodes/></group>',
}


def text(contents: str) -> str:
    """Return the contents with `NODE` written out."""
    return contents.replace('NODE', '<node pkg="robots" exec="talker" output="screen"')

"""Reads published price data out of two wheels and prints it as JSON, every number as the text that it was written as.

Nothing of the wheels is imported or run: the Python source of genai-prices is parsed, the JSON of LiteLLM is read.
"""

import ast
import json
import sys
import zipfile


def read(wheel, name):
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode()


def value(node):
    """What an expression of the data file stands for; calls become objects of their keyword arguments."""
    match node:
        case ast.Constant():
            number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
            return str(node.value) if number else node.value
        case ast.List() | ast.Tuple():
            return [value(item) for item in node.elts]
        case ast.Dict():
            return {value(key): value(item) for key, item in zip(node.keys, node.values)}
        case ast.Call(func=ast.Name(id="Decimal"), args=[number]):
            return value(number)
        case ast.Call(func=ast.Attribute(attr="date"), args=[year, month, day]):
            return f"{year.value:04}-{month.value:02}-{day.value:02}"
        case ast.Call(func=ast.Attribute(attr="time"), args=[hour, minute, *_], keywords=zone):
            assert [ast.unparse(keyword.value) for keyword in zone] == ["datetime.UTC"], ast.unparse(node)
            return f"{hour.value:02}:{minute.value:02}"
        case ast.Call(func=ast.Name(), args=[]):
            return {keyword.arg: value(keyword.value) for keyword in node.keywords}
    raise ValueError(f"line {node.lineno}: {ast.unparse(node)[:200]} is no form of data that is known")


def providers(source):
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "providers":
            return value(statement.value)
    raise ValueError("there is no list `providers`")


def main(genai_prices, litellm):
    json.dump(
        {
            "genai_prices": providers(read(genai_prices, "genai_prices/data.py")),
            "litellm": json.loads(
                read(litellm, "litellm/model_prices_and_context_window_backup.json"), parse_int=str, parse_float=str
            ),
        },
        sys.stdout,
    )


main(*sys.argv[1:])

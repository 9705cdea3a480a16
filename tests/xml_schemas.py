"""The official schemas of METS, PAGE and ALTO in shared/interchange/xsd, and what is equal but for our part.

    check(schema(shared, "page-2019-07-15.xsd"), file)
    assert canonical(before) == canonical(after)

METS and ALTO import the Library of Congress's xlink schema, which is not there: what they use of it stands below,
written after the XLink recommendation.
"""

from pathlib import Path

from lxml import etree

XLINK = """<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:x="http://www.w3.org/1999/xlink"
 targetNamespace="http://www.w3.org/1999/xlink">
 <attribute name="href" type="anyURI"/> <attribute name="role" type="string"/> <attribute name="to" type="string"/>
 <attribute name="arcrole" type="string"/> <attribute name="title" type="string"/>
 <attribute name="from" type="string"/> <attribute name="label" type="string"/>
 <attribute name="show"><simpleType><restriction base="string"><enumeration value="new"/><enumeration value="replace"/>
  <enumeration value="embed"/><enumeration value="other"/><enumeration value="none"/></restriction></simpleType>
 </attribute>
 <attribute name="actuate"><simpleType><restriction base="string"><enumeration value="onLoad"/>
  <enumeration value="onRequest"/><enumeration value="other"/><enumeration value="none"/></restriction></simpleType>
 </attribute>
 <attributeGroup name="simpleLink"><attribute name="type" type="string" fixed="simple" form="qualified"/>
  <attribute ref="x:href"/> <attribute ref="x:role"/> <attribute ref="x:arcrole"/> <attribute ref="x:title"/>
  <attribute ref="x:show"/> <attribute ref="x:actuate"/></attributeGroup>
 <attributeGroup name="extendedLink"><attribute name="type" type="string" fixed="extended" form="qualified"/>
  <attribute ref="x:role"/> <attribute ref="x:title"/></attributeGroup>
 <attributeGroup name="locatorLink"><attribute name="type" type="string" fixed="locator" form="qualified"/>
  <attribute ref="x:href" use="required"/> <attribute ref="x:role"/> <attribute ref="x:title"/>
  <attribute ref="x:label"/></attributeGroup>
 <attributeGroup name="arcLink"><attribute name="type" type="string" fixed="arc" form="qualified"/>
  <attribute ref="x:arcrole"/> <attribute ref="x:title"/> <attribute ref="x:show"/> <attribute ref="x:actuate"/>
  <attribute ref="x:from"/> <attribute ref="x:to"/></attributeGroup>
</schema>"""


class _Local(etree.Resolver):
    """What a schema imports: nothing is fetched."""

    def resolve(self, url, public_id, context):
        if url.endswith("xlink.xsd"):
            return self.resolve_string(XLINK, context)
        if url.startswith(("http:", "https:", "ftp:")):
            raise OSError(f"a schema asked for {url}")
        return None


def schema(shared: Path, name: str) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    return etree.XMLSchema(etree.parse(str(shared / "interchange" / "xsd" / name), parser))


def check(valid: etree.XMLSchema, file: Path) -> etree._Element:
    """Its root, where the file is valid."""
    tree = etree.parse(str(file))
    valid.validate(tree)
    assert [str(error) for error in valid.error_log] == []
    return tree.getroot()


def canonical(tree: etree._ElementTree) -> bytes:
    return etree.tostring(tree, method="c14n")

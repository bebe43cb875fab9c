"""Word lists that tell a full stop from the point of an abbreviation.

Knows words only: which abbreviations can end a sentence, which words like to begin one. It must not know
how a text is searched for them. The lists are for English, whose points are the ambiguous ones; entries
have no final point.
"""

NEVER_FINAL = frozenset(
    """mr mrs ms mx messrs mmes dr drs prof profs gen gov govs sen sens rep reps lt col maj capt cpt
    cmdr sgt cpl pvt adm brig rev fr hon pres amb atty insp supt vs v e.g i.e eg ie cf viz approx ca
    esp incl fig figs eq eqs ref refs tbl mme mlle dist mgr msgr op.cit ibid""".split()
)
"""In lower case: whatever follows, the sentence goes on ("Dr. Lim", "vs. The Hague")."""

BEFORE_NUMBER = frozenset(
    """no nos p pp pg vol vols ch chap sec sect art arts para paras par pt app ext tel fax est min
    max avg temp op b d c r cl reg nr bk ed ver v lot apt ste rm pop""".split()
)
"""In lower case: abbreviations before a figure ("No. 5"), elsewhere ordinary words ("No. He left.")."""

SOMETIMES_FINAL = frozenset(
    """al sp spp subsp var cv dept univ assn govt assoc corp inc ltd co bros llc plc Al Inc Ltd Corp
    Co Cos Bros Jr Sr Esq Dept Univ Assn Govt Assoc St Ste Ave Blvd Rd Sq Hwy Mt Mts Ft ft Is Jan
    Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Ala Ariz Ark
    Calif Colo Conn Del Fla Ga Ill Ind Kan Ky Md Mich Minn Mo Mont Neb Nev Okla Ont Ore Pa Penn Tenn
    Tex Va Vt Wis Wyo Que Ph.D PhD Pty GmbH Biol Chem
    Mol Natl Acad Sci Proc Int Med Res Soc Lett Phys Clin Exp Vol""".split()
)
"""As written: a sentence ends here only before a word that likes to begin one ("Acme Inc. It grew")."""

USUALLY_FINAL = frozenset(["a.m", "p.m", "etc"])
"""In lower case: a sentence ends here before any capital, calendar words and time zones apart."""

CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december jan feb mar apr jun jul aug sep sept oct
    nov dec mon tue wed thu fri sat sun local gmt utc est edt cst cdt mst mdt pst pdt bst cet cest
    jst kst hkt sgt ist eastern central pacific mountain seoul""".split()
)
"""In lower case: what follows "5 p.m." within a sentence."""

STARTERS = frozenset(
    """the of this that these those there their theirs it its he his she her they them we our you your
    my in on at by for from with within without to under over after before since during until while
    when where why who what which how whether if as because although though however moreover
    furthermore meanwhile therefore thus hence then so such but and or nor yet not only also some
    many most much more few both all each every several other others another any either neither no
    nobody nothing one two three four five today yesterday tomorrow now soon later once again among
    between beyond against about across along according despite instead like unlike overall finally
    first second third next last nevertheless nonetheless still even just perhaps indeed here
    through throughout upon per via given based let do does did is are was were has have had can
    could will would should may might must please see compared using""".split()
)
"""In lower case: words that, capitalised after an abbreviation, begin a sentence more often than a name."""

LETTERED = frozenset(
    """war type types phase class group grade vitamin hepatitis influenza plan part stage level
    category option appendix annex section figure table panel schedule exhibit zone line model
    series factor protein chapter volume block building gate hall article protocol tier unit""".split()
)
"""In lower case: nouns that a single letter belongs to ("Phase I."), so that the letter is no initial."""
